// The commands for operators and service keys; no API can create an operator.
import { accountEmail } from '../../domain/addresses/email.ts';
import { command, commandOf, UsageError } from '../arguments.ts';
import type { Instance } from '../instance.ts';
import { print } from '../output.ts';
import { postgresUrl } from '../servers/postgres.ts';
import { instanceOf, onTests } from './on-tests.ts';

/** Adds or removes an operator when a change is given, and prints the operators afterwards. */
export const changeOperators = async (
  instance: Instance,
  change?: { verb: 'add' | 'remove'; email: string },
): Promise<void> => {
  const { data: email = '' } = accountEmail.safeParse(change?.email);
  if (change && email === '') throw new UsageError(`${change.email} is not an address`);
  const { connectPostgres } = await import('../../db/postgres/client.ts');
  const staff = await import('../../db/postgres/identity/staff.ts');
  const { createTelemetry } = await import('../../telemetry/telemetry.ts');
  const telemetry = createTelemetry('operators', 'warn');
  const url = postgresUrl(instance, 'identity');
  const pg = connectPostgres({ url, telemetry, connectionsMax: 1 });
  try {
    if (change?.verb === 'add') await staff.addOperator(pg, email);
    if (change?.verb === 'remove') await staff.removeOperator(pg, email);
    for (const one of await staff.listOperators(pg)) print(one.email);
  } finally {
    await pg.close();
  }
};

const list = command({
  name: 'list',
  summary: 'every operator',
  about: 'Prints the address of every operator.',
  example: 'operators list',
  options: onTests,
  run: (values) => changeOperators(instanceOf(values)),
});

const add = command({
  name: 'add',
  summary: 'make an address an operator',
  about: 'Makes an address an operator. It takes effect once its account has confirmed it.',
  example: 'operators add robin@holdfast.example',
  positionals: ['EMAIL'],
  options: onTests,
  run: (values, [email = '']) => changeOperators(instanceOf(values), { verb: 'add', email }),
});

const remove = command({
  name: 'remove',
  summary: 'remove an operator',
  about: 'Removes an address from the operators.',
  example: 'operators remove robin@holdfast.example',
  positionals: ['EMAIL'],
  options: onTests,
  run: (values, [email = '']) => changeOperators(instanceOf(values), { verb: 'remove', email }),
});

const rotateKeys = command({
  name: 'rotate-keys',
  summary: 'rotate the signing keys of the services without a failed call',
  about: 'Publishes the next signing key of every service. It is used once every process has it.',
  example: 'rotate-keys',
  options: onTests,
  run: async (values) => {
    const { rotateServiceKeys } = await import('../identity/service-keys.ts');
    for (const kid of rotateServiceKeys(instanceOf(values))) print(kid);
  },
});

export const OPERATORS = [
  commandOf({
    name: 'operators',
    summary: 'the operators of every store',
    about: 'Lists, adds and removes operators.',
    example: 'operators add robin@holdfast.example',
    commands: [list, add, remove],
  }),
  rotateKeys,
];
