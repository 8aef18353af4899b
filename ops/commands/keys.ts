// A store's API keys and people from the command line: the public API, with the operator's key.
import { parseArgs } from 'node:util';
import { publicEnvironment } from '../environment.ts';
import type { Instance } from '../instance.ts';

const KEYS_HELP = `API keys from the command line

  ./holdfast keys list
  ./holdfast keys create --name NAME --scopes products:read,products:write [--expires-days N]
  ./holdfast keys rotate ID [--grace SECONDS]   the old key lives on for a day, or the grace
  ./holdfast keys revoke ID
`;
const STAFF_HELP = `A store's people from the command line

  ./holdfast staff list
  ./holdfast staff add EMAIL --role clerk|manager|owner
  ./holdfast staff remove EMAIL
`;
const STORE_NOTE = '\nAdd --store ID for another store than sto_default.\n';

const OPTIONS = {
  store: { type: 'string', default: 'sto_default' },
  name: { type: 'string' },
  scopes: { type: 'string' },
  'expires-days': { type: 'string' },
  grace: { type: 'string' },
  role: { type: 'string' },
  test: { type: 'boolean' },
} as const;

interface Requested {
  method: string;
  path: string;
  body?: unknown;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const keyRequest = (verb: string, id: string, values: Values): Requested | undefined => {
  if (verb === 'list') return { method: 'GET', path: 'keys' };
  if (verb === 'create') {
    const days = values['expires-days'];
    const body = {
      name: values.name ?? '',
      scopes: values.scopes?.split(',') ?? [],
      ...(days && { expiresInDays: Number(days) }),
    };
    return { method: 'POST', path: 'keys', body };
  }
  if (id === '') return undefined;
  if (verb === 'revoke') return { method: 'DELETE', path: `keys/${id}` };
  const body = values.grace === undefined ? {} : { graceSeconds: Number(values.grace) };
  return verb === 'rotate' ? { method: 'POST', path: `keys/${id}/rotate`, body } : undefined;
};

const staffRequest = (verb: string, email: string, { role }: Values): Requested | undefined => {
  if (verb === 'list') return { method: 'GET', path: 'staff' };
  if (email === '') return undefined;
  if (verb === 'add') return { method: 'POST', path: 'staff', body: { email, role } };
  if (verb !== 'remove') return undefined;
  return { method: 'DELETE', path: `staff/${encodeURIComponent(email)}` };
};

const SUBJECTS = {
  keys: { help: KEYS_HELP, asked: keyRequest },
  staff: { help: STAFF_HELP, asked: staffRequest },
};

/** Prints the API's answer; a refusal is an error with its code. */
export const storeCommand = async (
  instance: Instance,
  subject: keyof typeof SUBJECTS,
  words: string[],
): Promise<void> => {
  const { values, positionals } = parseArgs({
    args: words,
    options: OPTIONS,
    allowPositionals: true,
  });
  const { help, asked: requestedBy } = SUBJECTS[subject];
  const asked = requestedBy(positionals[0] ?? '', positionals[1] ?? '', values);
  if (!asked) return void process.stdout.write(help + STORE_NOTE);
  const env = await publicEnvironment(instance);
  const response = await fetch(`${env['GATEWAY_URL']}/stores/${values.store}/${asked.path}`, {
    method: asked.method,
    headers: {
      authorization: `Bearer ${env['OPERATOR_KEY']}`,
      'content-type': 'application/json',
    },
    ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
  });
  const text = await response.text();
  const answer = (text === '' ? {} : JSON.parse(text)) as { code?: string; detail?: string };
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  process.stdout.write(text === '' ? 'done\n' : `${JSON.stringify(answer, null, 2)}\n`);
};
