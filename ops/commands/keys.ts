// The commands for a store's API keys and staff, which call the public API with the operator's key.
import { DEFAULT_STORE } from '../../domain/ids.ts';
import {
  command,
  commandOf,
  flag,
  required,
  text,
  wholeNumber,
  withDefault,
} from '../arguments.ts';
import { publicEnvironment } from '../environment.ts';
import { print } from '../output.ts';
import { instanceOf, onTests } from './on-tests.ts';

const DAYS_MAX = 36_500;
const SECONDS_MAX = 2 ** 31;

const ofStore = {
  store: withDefault(text('ID', 'the store'), DEFAULT_STORE),
  ...onTests,
};

/** Prints the API's response; a refusal is an error with its code. */
const call = async (
  values: { store: string; test: boolean },
  method: string,
  path: string,
  body?: unknown,
): Promise<void> => {
  const env = await publicEnvironment(instanceOf(values));
  const response = await fetch(`${env['GATEWAY_URL']}/stores/${values.store}/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${env['OPERATOR_KEY']}`,
      'content-type': 'application/json',
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  const problem = (answer === '' ? {} : JSON.parse(answer)) as { code?: string; detail?: string };
  if (!response.ok) throw new Error(`${problem.code}: ${problem.detail}`);
  print(answer === '' ? 'done' : JSON.stringify(problem, null, 2));
};

const listKeys = command({
  name: 'list',
  summary: "the store's keys",
  about: 'Lists the keys of a store: names, scopes and dates, never the keys themselves.',
  example: 'keys list',
  options: ofStore,
  run: (values) => call(values, 'GET', 'keys'),
});

const createKey = command({
  name: 'create',
  summary: 'create a key, which is shown once',
  about: 'Creates a key and shows it once, because only its hash is stored.',
  example: 'keys create --name importer --scopes products:read,products:write',
  options: {
    name: required(text('NAME', 'what the key is for')),
    scopes: required(text('SCOPE,…', 'what the key may do')),
    'expires-days': wholeNumber('N', 'until it expires', [1, DAYS_MAX]),
    ...ofStore,
  },
  run: ({ name, scopes, 'expires-days': expiresInDays, ...values }) =>
    call(values, 'POST', 'keys', { name, scopes: scopes.split(','), expiresInDays }),
});

const rotateKey = command({
  name: 'rotate',
  summary: 'replace a key by a new one',
  about:
    'Creates a key with the name and scopes of an old one, which stays valid for a grace period.',
  example: 'keys rotate key_… --grace 3600',
  positionals: ['ID'],
  options: {
    grace: wholeNumber('SECONDS', 'the old key stays valid (default one day)', [0, SECONDS_MAX]),
    ...ofStore,
  },
  run: ({ grace, ...values }, [id]) =>
    call(values, 'POST', `keys/${id}/rotate`, { graceSeconds: grace }),
});

const revokeKey = command({
  name: 'revoke',
  summary: 'end a key now',
  about: 'Ends a key: calls with it are refused from now on.',
  example: 'keys revoke key_…',
  positionals: ['ID'],
  options: ofStore,
  run: (values, [id]) => call(values, 'DELETE', `keys/${id}`),
});

const listStaff = command({
  name: 'list',
  summary: "the store's staff and their roles",
  about: 'Lists the staff of a store with their roles.',
  example: 'staff list',
  options: ofStore,
  run: (values) => call(values, 'GET', 'staff'),
});

const addStaff = command({
  name: 'add',
  summary: 'add an address to the staff',
  about:
    'Gives an address a role in a store. It takes effect once its account has confirmed the ' +
    'address.',
  example: 'staff add robin@store.example --role clerk',
  positionals: ['EMAIL'],
  options: { role: required(text('ROLE', 'clerk, manager or owner')), ...ofStore },
  run: ({ role, ...values }, [email]) => call(values, 'POST', 'staff', { email, role }),
});

const removeStaff = command({
  name: 'remove',
  summary: 'remove an address from the staff',
  about:
    'Removes an address from the staff of a store, and prints the live keys that it has made ' +
    'there. They go on unless --end-keys ends them.',
  example: 'staff remove robin@store.example --end-keys',
  positionals: ['EMAIL'],
  options: { 'end-keys': flag('end the keys that it has made'), ...ofStore },
  run: ({ 'end-keys': endsKeys, ...values }, [email = '']) => {
    const path = `staff/${encodeURIComponent(email)}?keys=${endsKeys ? 'end' : 'keep'}`;
    return call(values, 'DELETE', path);
  },
});

export const KEYS = [
  commandOf({
    name: 'keys',
    summary: "a store's API keys",
    about: "Lists, creates, rotates and revokes a store's API keys.",
    example: `keys list --store ${DEFAULT_STORE}`,
    commands: [listKeys, createKey, rotateKey, revokeKey],
  }),
  commandOf({
    name: 'staff',
    summary: "a store's staff",
    about: 'Lists, adds and removes the staff of a store.',
    example: 'staff add robin@store.example --role manager',
    commands: [listStaff, addStaff, removeStaff],
  }),
];
