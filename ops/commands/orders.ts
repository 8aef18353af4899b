// Order Recovery from the command line: the operators' API, with the operator's key.
import { parseArgs } from 'node:util';
import { publicEnvironment } from '../environment.ts';
import type { Instance } from '../instance.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

const HELP = `Order Recovery from the command line

  ./holdfast orders overview
  ./holdfast orders stuck [--reason R] [--older-than SECONDS] [--sku SKU]
  ./holdfast orders show ID          everything known of one order
  ./holdfast orders breaks           payments that do not reconcile
  ./holdfast orders retry ID [--note WHY]
  ./holdfast orders skip ID
  ./holdfast orders cancel ID
  ./holdfast orders refund ID [--amount 9.99]
  ./holdfast orders resolve ID --ending delivered|lost|returned_to_sender
  ./holdfast orders readdress ID --address '{"name":…}'
  ./holdfast orders batch ACTION [--reason R] [--older-than SECONDS] [--do]
`;

const OPTIONS = {
  reason: { type: 'string' },
  'older-than': { type: 'string' },
  sku: { type: 'string' },
  note: { type: 'string' },
  amount: { type: 'string' },
  ending: { type: 'string' },
  address: { type: 'string' },
  do: { type: 'boolean' },
  test: { type: 'boolean' },
} as const;

const ACTIONS = ['retry', 'skip', 'cancel', 'refund', 'resolve', 'readdress'];

interface Requested {
  method: string;
  path: string;
  body?: unknown;
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values'];

const filterOf = (values: Values): Record<string, string> => ({
  ...(values.reason && { reason: values.reason }),
  ...(values['older-than'] && { olderThan: values['older-than'] }),
  ...(values.sku && { sku: values.sku }),
});

const actionBody = ({ note, amount, ending, address }: Values) => ({
  ...(note && { note }),
  ...(amount && { amount: Number(amount) }),
  ...(ending && { ending }),
  ...(address && { address: JSON.parse(address) as unknown }),
});

const requestedBy = (words: string[], values: Values): Requested | undefined => {
  const [verb = 'help', subject = ''] = words;
  if (verb === 'overview' || verb === 'breaks') return { method: 'GET', path: verb };
  if (verb === 'stuck') {
    const query = new URLSearchParams(filterOf(values)).toString();
    return { method: 'GET', path: `orders${query === '' ? '' : `?${query}`}` };
  }
  if (verb === 'batch' && subject !== '') {
    const { olderThan, ...filter } = filterOf(values);
    const age = olderThan === undefined ? {} : { olderThan: Number(olderThan) };
    const dryRun = !values.do;
    const body = { action: subject, filter: { ...filter, ...age }, dryRun };
    return { method: 'POST', path: 'batches', body };
  }
  if (subject === '') return undefined;
  if (verb === 'show') return { method: 'GET', path: `orders/${subject}` };
  if (!ACTIONS.includes(verb)) return undefined;
  return { method: 'POST', path: `orders/${subject}/${verb}`, body: actionBody(values) };
};

/** Prints the API's answer; a refusal is an error with its code. */
export const orders = async (instance: Instance, words: string[]): Promise<void> => {
  const { values, positionals } = parseArgs({
    args: words,
    options: OPTIONS,
    allowPositionals: true,
  });
  const asked = requestedBy(positionals, values);
  if (!asked) return void process.stdout.write(HELP);
  const env = await publicEnvironment(instance);
  const response = await fetch(`${env['RECOVERY_URL']}/recovery/${asked.path}`, {
    method: asked.method,
    headers: {
      authorization: `Bearer ${env['OPERATOR_KEY']}`,
      'content-type': 'application/json',
      [IDEMPOTENCY_KEY_HEADER]: crypto.randomUUID(),
    },
    ...(asked.body !== undefined && { body: JSON.stringify(asked.body) }),
  });
  const answer = (await response.json()) as { code?: string; detail?: string };
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
};
