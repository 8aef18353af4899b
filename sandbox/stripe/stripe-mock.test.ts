// Compares the card sandbox with Stripe's stripe-mock: both accept and refuse the same requests.
// stripe-mock knows every parameter of the API by Stripe's OpenAPI description, but not how a
// payment behaves.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { stripeRefundsAndDisputes } from '../../activities/providers/stripe-refunds-and-disputes.ts';
import { stripeLedger } from '../../activities/providers/stripe-ledger.ts';
import { connectStripe } from '../../activities/providers/stripe-client.ts';
import { stripeProvider } from '../../activities/providers/stripe.ts';
import { testInstance } from '../../ops/instance.ts';
import { binaryOf, isBuilt, STRIPE_MOCK } from '../../ops/servers/go.ts';
import { until } from '../../ops/supervise.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { openForTest } from './testing.ts';

const PORT_SHIFT = 192;
const START_LIMIT_MS = 20_000;

type Fields = Record<string, string>;
/** `:intent`, `:refund` and so on stand for an existing object. */
type Row = [title: string, request: string, fields?: Fields];

const OPEN: Fields = { amount: '1000', currency: 'usd', 'payment_method_types[0]': 'card' };
const MANUAL: Fields = { ...OPEN, capture_method: 'manual' };
const CARD: Fields = { payment_method: 'pm_card_visa' };

const TAKEN: Row[] = [
  ['an intent', 'POST payment_intents', { ...MANUAL, 'metadata[orderId]': 'ord_1' }],
  [
    'an intent with a card, confirmed',
    'POST payment_intents',
    { ...OPEN, ...CARD, confirm: 'true' },
  ],
  [
    'an intent with fields for the statement',
    'POST payment_intents',
    {
      ...OPEN,
      description: 'An order',
      receipt_email: 'a@shopper.example',
      statement_descriptor_suffix: 'HOLDFAST',
      confirmation_method: 'automatic',
    },
  ],
  ['a confirmation', 'POST payment_intents/:intent/confirm', { ...CARD, off_session: 'false' }],
  ['a capture', 'POST payment_intents/:authorized/capture', { amount_to_capture: '1000' }],
  ['a cancellation', 'POST payment_intents/:second/cancel', { cancellation_reason: 'abandoned' }],
  ['a read of an intent', 'GET payment_intents/:intent'],
  ['the intents since a time', 'GET payment_intents?limit=100&created[gte]=1'],
  [
    'a refund',
    'POST refunds',
    {
      payment_intent: ':captured',
      amount: '10',
      reason: 'requested_by_customer',
      'metadata[refundId]': 'ret_1',
    },
  ],
  ['the refunds of an intent', 'GET refunds?payment_intent=:captured&limit=100'],
  ['the charges of an intent', 'GET charges?payment_intent=:captured&limit=3'],
  ['the events of a kind', 'GET events?type=charge.refunded&limit=3'],
  ['the disputes since a time', 'GET disputes?limit=100&created[gte]=1&created[lt]=2'],
  ['the disputes of an intent', 'GET disputes?payment_intent=:captured'],
];

const REFUSED: Row[] = [
  ['an intent without an amount', 'POST payment_intents', { currency: 'usd' }],
  ['an intent without a currency', 'POST payment_intents', { amount: '1000' }],
  ['an amount that is not a number', 'POST payment_intents', { ...OPEN, amount: 'much' }],
  ['a parameter that does not exist', 'POST payment_intents', { ...OPEN, colour: 'red' }],
  ['another way of capture', 'POST payment_intents', { ...OPEN, capture_method: 'later' }],
  ['an unknown reason', 'POST refunds', { payment_intent: ':captured', reason: 'whim' }],
  [
    'a confirmation with an unknown parameter',
    'POST payment_intents/:intent/confirm',
    { colour: 'red' },
  ],
  [
    'a capture with an unknown parameter',
    'POST payment_intents/:authorized/capture',
    { colour: 'red' },
  ],
  ['a list with an unknown parameter', 'GET payment_intents?colour=red'],
  [
    'a cancellation for an unknown reason',
    'POST payment_intents/:intent/cancel',
    { cancellation_reason: 'whim' },
  ],
  ['a path that does not exist', 'GET payment_unknowns'],
];

describe.skipIf(!isBuilt(STRIPE_MOCK))('stripe-mock and the card sandbox (needs Go)', () => {
  const port = testInstance().portBase + PORT_SHIFT;
  const mock = `http://127.0.0.1:${port}`;
  const ids: Fields = {};
  let sandbox: ReturnType<typeof openForTest>;
  let child: Bun.Subprocess;

  const named = (text: string): string =>
    text.replace(/:([a-z]+)/g, (_, name: string) => ids[name] ?? '');
  const send = async (base: string, [, request, fields = {}]: Row): Promise<number> => {
    const [method = '', path = ''] = request.split(' ');
    const body = new URLSearchParams();
    for (const [name, value] of Object.entries(fields)) body.append(name, named(value));
    const response = await fetch(`${base}/v1/${named(path)}`, {
      method,
      headers: { authorization: 'Bearer sk_test_123' },
      ...(method === 'POST' && { body }),
    });
    await response.text();
    return response.status;
  };
  /** The responses of both servers to every row. */
  const answersTo = async (rows: Row[]) => {
    const answers: [string, number, number][] = [];
    for (const row of rows) {
      answers.push([row[0], await send(mock, row), await send(sandbox.base, row)]);
    }
    return answers;
  };

  const prepare = async (): Promise<void> => {
    const { paymentIntents: intents } = sandbox.stripe;
    const input = { amount: 1_000, currency: 'usd', capture_method: 'manual' as const };
    const paid = { ...input, confirm: true, payment_method: 'pm_card_visa' };
    ids['intent'] = (await intents.create(input)).id;
    ids['second'] = (await intents.create(input)).id;
    ids['authorized'] = (await intents.create(paid)).id;
    ids['captured'] = (await intents.create(paid)).id;
    await intents.capture(ids['captured']);
  };

  beforeAll(async () => {
    const addresses = ['-http-addr', `127.0.0.1:${port}`, '-https-addr', `127.0.0.1:${port + 1}`];
    child = Bun.spawn([binaryOf(STRIPE_MOCK), ...addresses], { stdout: 'ignore' });
    sandbox = openForTest();
    await prepare();
    const isUp = (): Promise<boolean> =>
      send(mock, ['', 'GET charges']).then(
        (status) => status === 200,
        () => false,
      );
    expect(await until(isUp, START_LIMIT_MS)).toBe(true);
  }, START_LIMIT_MS);
  afterAll(async () => {
    child.kill();
    await child.exited;
    await sandbox.close();
  });

  test('refuse the same requests', async () => {
    const answers = await answersTo(REFUSED);
    expect(answers.filter(([, ...statuses]) => statuses.some((one) => one < 400))).toEqual([]);
  });

  test('take the same requests', async () => {
    const answers = await answersTo(TAKEN);
    expect(answers.filter(([, ...statuses]) => statuses.some((one) => one !== 200))).toEqual([]);
  });

  test('accept every request that Holdfast sends', async () => {
    const connection = connectStripe('sk_test_123', mock, createTelemetry('test', 'silent'));
    const [provider, afterCapture] = [
      stripeProvider(connection),
      stripeRefundsAndDisputes(connection),
    ];
    const order = { orderId: 'ord_1', amountMinor: 1_000, currency: 'USD' as const };
    await provider.open(order, 'open');
    await provider.confirm('pi_123', 'pm_card_visa', 'confirm');
    await provider.capture('pi_123', 'capture');
    await provider.cancel('pi_123', 'cancel');
    await provider.read('pi_123');
    await provider.findByOrder('ord_1', Date.now());
    await afterCapture.refund({ ...order, intentId: 'pi_123', refundId: 'ret_1' }, 'refund');
    await afterCapture.readRefund('re_123');
    await afterCapture.findRefund('pi_123', 'ret_1');
    const records = stripeLedger(connection);
    const stretch = { fromSeconds: 1, toSeconds: 2 };
    for await (const page of records.made(stretch)) expect(page).toBeArray();
    for await (const page of records.refunded(stretch)) expect(page).toBeArray();
    for await (const page of records.disputed(stretch)) expect(page).toBeArray();
    await records.read(['pi_123']);
    await afterCapture.readDispute('dp_123');
    const evidence = {
      customer_email_address: 'a@shopper.example',
      customer_name: 'Robin',
      shipping_address: '1 Main St',
      product_description: '1 × Tent',
      shipping_tracking_number: 'T1',
      shipping_date: '2026-11-25',
      uncategorized_text: 'delivered',
    };
    const dispute = await afterCapture.submitEvidence('dp_123', evidence, 'evidence');
    expect(dispute.id).toBeTruthy();
    expect((await afterCapture.closeDispute('dp_123', 'concede')).id).toBeTruthy();
  });
});
