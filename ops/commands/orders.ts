// The commands of Order Recovery, which call the operators' API with the operator's key.
import { command, commandOf, flag, required, text, UsageError, wholeNumber } from '../arguments.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';
import { publicEnvironment } from '../environment.ts';
import { print } from '../output.ts';
import { instanceOf, onTests } from './on-tests.ts';

const AGE_SECONDS_MAX = 2 ** 31;

/** Calls the operators' API and prints its response; a refusal is an error with its code. */
export const call = async (
  values: { test: boolean },
  method: string,
  path: string,
  body?: unknown,
): Promise<void> => {
  const env = await publicEnvironment(instanceOf(values));
  const response = await fetch(`${env['RECOVERY_URL']}/recovery/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${env['OPERATOR_KEY']}`,
      'content-type': 'application/json',
      [IDEMPOTENCY_KEY_HEADER]: crypto.randomUUID(),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { code?: string; detail?: string };
  if (!response.ok) throw new Error(`${answer.code}: ${answer.detail}`);
  print(JSON.stringify(answer, null, 2));
};

const overview = command({
  name: 'overview',
  summary: 'counts by reason, and the oldest undecided order',
  about: 'Counts the orders that need attention by reason, with the oldest undecided one.',
  example: 'orders overview',
  options: onTests,
  run: (values) => call(values, 'GET', 'overview'),
});

const filter = {
  reason: text('R', 'orders with this reason'),
  'older-than': wholeNumber('SECONDS', 'orders that are older', [0, AGE_SECONDS_MAX]),
  sku: text('SKU', 'orders with this sku'),
  ...onTests,
};

interface Filter {
  reason: string | undefined;
  'older-than': number | undefined;
  sku: string | undefined;
}

const filterOf = ({ reason, 'older-than': olderThan, sku }: Filter) => ({
  ...(reason && { reason }),
  ...(olderThan !== undefined && { olderThan }),
  ...(sku && { sku }),
});

const stuck = command({
  name: 'stuck',
  summary: 'orders that need attention',
  about: 'Lists the orders that need attention, with the reason of each.',
  example: 'orders stuck --reason SHIPMENT_STEP_FAILED',
  options: filter,
  run: (values) => {
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filterOf(values))) query.set(name, String(value));
    return call(values, 'GET', query.size === 0 ? 'orders' : `orders?${query.toString()}`);
  },
});

const show = command({
  name: 'show',
  summary: 'everything known of one order',
  about: "Prints an order's timeline, attempts, holds, and the provider's view of its payment.",
  example: 'orders show ord_…',
  positionals: ['ID'],
  options: onTests,
  run: (values, [id]) => call(values, 'GET', `orders/${id}`),
});

const breaks = command({
  name: 'breaks',
  summary: 'payments that do not reconcile',
  about: "Lists the payments that differ between the ledger and the card provider's records.",
  example: 'orders breaks',
  options: onTests,
  run: (values) => call(values, 'GET', 'breaks'),
});

const holds = command({
  name: 'holds',
  summary: 'which orders hold the units of a sku, and whose they are',
  about: 'Lists what holds a sku now, most units first, with the order and its shopper.',
  example: 'orders holds POSTCARD-A6',
  positionals: ['SKU'],
  options: onTests,
  run: (values, [sku = '']) => call(values, 'GET', `holds?sku=${encodeURIComponent(sku)}`),
});

const noted = { note: text('WHY', 'recorded in the audit of the order'), ...onTests };
const about = { attention: text('ID', 'the attention, when several steps wait'), ...noted };

/** An action on the step that waits; `let-arrive` is the API's `let_arrive`. */
const stepAction = (name: string, summary: string) =>
  command({
    name,
    summary,
    about: `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    example: `orders ${name} ord_… --note "the carrier answers again"`,
    positionals: ['ID'],
    options: about,
    run: ({ note, attention: attentionId, ...values }, [id]) => {
      const path = `orders/${id}/${name.replaceAll('-', '_')}`;
      return call(values, 'POST', path, { note, ...(attentionId && { attentionId }) });
    },
  });

const STEP_ACTIONS = [
  stepAction('retry', 'retry the failed step'),
  stepAction('skip', 'continue without the failed step'),
  stepAction('intercept', 'call a parcel back that had left before a cancellation'),
  stepAction('let-arrive', 'let such a parcel arrive'),
  stepAction('treat-as-return', 'let such a parcel arrive, and open its return then'),
  stepAction('dismiss', 'clear an attention that was seen to in another way'),
];

const cancel = command({
  name: 'cancel',
  summary: 'cancel the order',
  about: 'Cancels the order and undoes its steps.',
  example: 'orders cancel ord_… --note "ordered twice"',
  positionals: ['ID'],
  options: noted,
  run: ({ note, ...values }, [id]) => call(values, 'POST', `orders/${id}/cancel`, { note }),
});

const refund = command({
  name: 'refund',
  summary: 'refund the payment, or an amount of it',
  about: 'Refunds the captured payment, or an amount of it in the currency of the order.',
  example: 'orders refund ord_… --amount 9.99',
  positionals: ['ID'],
  options: { amount: text('AMOUNT', 'amount to refund (default the whole)'), ...noted },
  run: ({ amount, note, ...values }, [id]) => {
    const body = { note, ...(amount && { amount: Number(amount) }) };
    if (Number.isNaN(body.amount)) throw new UsageError('--amount takes a number');
    return call(values, 'POST', `orders/${id}/refund`, body);
  },
});

const resolve = command({
  name: 'resolve',
  summary: 'record how the order ended',
  about:
    'Records an ending that the carrier did not report: delivered, lost or returned_to_sender.',
  example: 'orders resolve ord_… --ending delivered',
  positionals: ['ID'],
  options: {
    ending: required(text('ENDING', 'delivered, lost or returned_to_sender')),
    ...about,
  },
  run: ({ ending, note, attention: attentionId, ...values }, [id]) => {
    const body = { ending, note, ...(attentionId && { attentionId }) };
    return call(values, 'POST', `orders/${id}/resolve`, body);
  },
});

const returnsList = command({
  name: 'returns',
  summary: 'returns that have not ended',
  about: 'Lists the returns that have not ended; received ones wait for a person to accept them.',
  example: 'orders returns --state received',
  options: { state: text('STATE', 'returns in this state'), ...onTests },
  run: ({ state, ...values }) => call(values, 'GET', `returns${state ? `?state=${state}` : ''}`),
});

const acceptReturn = command({
  name: 'accept-return',
  summary: 'accept a return: its money goes back',
  about: 'Accepts a whole return; a part of one is accepted by the API.',
  example: 'orders accept-return ret_…',
  positionals: ['ID'],
  options: onTests,
  run: (values, [id]) => call(values, 'POST', `returns/${id}/accept`, {}),
});

const refuseReturn = command({
  name: 'refuse-return',
  summary: 'refuse a return with a reason for the shopper',
  about: 'Refuses a return; the reason is mailed to the shopper.',
  example: 'orders refuse-return ret_… --note "it was worn"',
  positionals: ['ID'],
  options: { note: required(text('WHY', 'mailed to the shopper')), ...onTests },
  run: ({ note, ...values }, [id]) => call(values, 'POST', `returns/${id}/refuse`, { note }),
});

const addressOf = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    throw new UsageError('--address takes JSON');
  }
};

const readdress = command({
  name: 'readdress',
  summary: 'send the parcel to another address',
  about: 'Gives an order another shipping address.',
  example: `orders readdress ord_… --address '{"name":…}'`,
  positionals: ['ID'],
  options: { address: required(text('JSON', 'the whole address')), ...noted },
  run: ({ address, note, ...values }, [id]) =>
    call(values, 'POST', `orders/${id}/readdress`, { address: addressOf(address), note }),
});

const batch = command({
  name: 'batch',
  summary: 'one action on every order of a filter',
  about: 'Counts the orders of a filter; with --do it repairs them: retry, skip, cancel or refund.',
  example: 'orders batch retry --reason SHIPMENT_STEP_FAILED',
  positionals: ['ACTION'],
  options: { ...filter, do: flag('repair them; without it a dry run') },
  run: ({ do: acts, ...values }, [action]) =>
    call(values, 'POST', 'batches', { action, filter: filterOf(values), dryRun: !acts }),
});

export const ORDERS = commandOf({
  name: 'orders',
  summary: 'what is stuck, and how to repair it',
  about: 'Order Recovery: finds orders that need attention, shows why, and repairs one or many.',
  example: 'orders stuck --older-than 900',
  commands: [
    overview,
    stuck,
    show,
    breaks,
    holds,
    returnsList,
    acceptReturn,
    refuseReturn,
    ...STEP_ACTIONS,
    cancel,
    refund,
    resolve,
    readdress,
    batch,
  ],
});
