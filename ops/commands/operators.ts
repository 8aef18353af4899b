// Who works for the house, from the command line: nobody can make themselves one over HTTP.
import { connectPostgres } from '../../db/postgres/client.ts';
import { addOperator, listOperators, removeOperator } from '../../db/postgres/identity/staff.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';
import { postgresUrl } from '../servers/postgres.ts';

const HELP = `Operators from the command line

  ./holdfast operators list
  ./holdfast operators add EMAIL      counts once its account has confirmed the address
  ./holdfast operators remove EMAIL
`;
const EMAIL = /^[^\s@<>,;"]{1,64}@[a-z0-9.-]{1,190}$/;

export const operatorsCommand = async (instance: Instance, words: string[]): Promise<void> => {
  const [verb, given = ''] = words.filter((word) => !word.startsWith('-'));
  const email = given.toLowerCase();
  const isKnown = verb === 'list' || ((verb === 'add' || verb === 'remove') && EMAIL.test(email));
  if (!isKnown) return void process.stdout.write(HELP);
  const telemetry = createTelemetry('operators', 'warn');
  const url = postgresUrl(instance, 'identity');
  const pg = connectPostgres({ url, telemetry, connectionsMax: 1 });
  try {
    if (verb === 'add') await addOperator(pg, email);
    if (verb === 'remove') await removeOperator(pg, email);
    for (const one of await listOperators(pg)) process.stdout.write(`${one.email}\n`);
  } finally {
    await pg.close();
  }
};
