// Tests that a webhook without Stripe's fresh signature moves no order.
import { createHmac } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { testInstance } from '../../ops/instance.ts';
import { orderRow, providerView } from '../support/judges.ts';
import {
  expectNoInsides,
  ordersOf,
  refuses,
  send,
  tooLong,
  tooLongChunked,
  waitingOrder,
  type Row,
  type Sent,
  type WaitingOrder,
} from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';

interface World extends WaitingOrder {
  secret: string;
}

let world: World;
beforeAll(async () => {
  const secret = `whsec_${testInstance().secret('stripe-webhook')}`;
  world = { ...(await waitingOrder(await openShop())), secret };
}, UP_LIMIT_MS);

const written = ({ shop, ware, email }: World) => ordersOf(shop, ware.sku, email);

const eventOf = (orderId: string): string =>
  JSON.stringify({
    id: `evt_${newId('event').slice(4)}`,
    object: 'event',
    type: 'payment_intent.amount_capturable_updated',
    data: { object: { object: 'payment_intent', status: 'succeeded', metadata: { orderId } } },
  });

const nowSeconds = (): number => Math.floor(Date.now() / 1000);

/** Signs as Stripe does: https://docs.stripe.com/webhooks#verify-manually */
const signature = (payload: string, secret: string, at: number = nowSeconds()): string =>
  `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${payload}`).digest('hex')}`;

const delivering = (raw: Sent['raw'], header?: string): Sent => ({
  method: 'POST',
  path: '/webhooks/stripe',
  raw: raw ?? '',
  ...(header !== undefined && { headers: { 'stripe-signature': header } }),
});

const HOUR_SECONDS = 3_600;
type Signed = (payload: string, here: World) => string | undefined;
const row = (name: string, signed: Signed): Row<World> => [
  name,
  (here) => {
    const payload = eventOf(here.orderId);
    return delivering(payload, signed(payload, here));
  },
  400,
  'INVALID_INPUT',
];

describe('a webhook', () => {
  const at = (shiftSeconds: number): Signed => {
    return (payload, { secret }) => signature(payload, secret, nowSeconds() + shiftSeconds);
  };
  const changed: Row<World> = [
    'whose body was changed after it was signed',
    ({ orderId, secret }) => {
      const payload = eventOf(orderId);
      return delivering(payload.replace('evt_', 'evt_0'), signature(payload, secret));
    },
    400,
    'INVALID_INPUT',
  ];
  const rewritten: Row<World> = [
    'whose body was serialised again',
    ({ orderId, secret }) => {
      const payload = eventOf(orderId);
      return delivering(JSON.stringify(JSON.parse(payload), null, 1), signature(payload, secret));
    },
    400,
    'INVALID_INPUT',
  ];
  const rows: Row<World>[] = [
    row('without a signature', () => undefined),
    row('with an empty signature', () => ''),
    row('with a text without a signature', () => 'signed'),
    row('with a signature of nothing', () => `t=${nowSeconds()},v1=`),
    row('with a signature of zeros', () => `t=${nowSeconds()},v1=${'0'.repeat(64)}`),
    row('signed with another secret', (payload) => signature(payload, 'whsec_other')),
    row('signed with an empty secret', (payload) => signature(payload, ' ')),
    row('signed for another scheme', (payload, { secret }) =>
      signature(payload, secret).replace('v1=', 'v0='),
    ),
    row('whose time was changed after it was signed', (payload, { secret }) =>
      signature(payload, secret, nowSeconds() - 10).replace(/t=\d+/, `t=${nowSeconds()}`),
    ),
    row('without a time', (payload, { secret }) =>
      signature(payload, secret).replace(/t=\d+,/, ''),
    ),
    row('signed an hour ago', at(-HOUR_SECONDS)),
    row('signed six minutes ago', at(-360)),
    row('signed six minutes from now', at(360)),
    row('signed in a year', at(365 * 24 * HOUR_SECONDS)),
    changed,
    rewritten,
    ['over 1 MiB, as it declares,', () => delivering(tooLong(), 't=1'), 413, 'BODY_TOO_LARGE'],
    ['over 1 MiB, in chunks,', () => delivering(tooLongChunked(), 't=1'), 413, 'BODY_TOO_LARGE'],
    [
      'that is no JSON, though signed,',
      ({ secret }) => delivering('event', signature('event', secret)),
      400,
      'INVALID_INPUT',
    ],
  ];
  refuses(rows, () => world, written);
});

describe('a signed webhook is accepted', () => {
  const EMPTY = ['{}', '{"data":{}}', '{"data":{"object":null}}', '{"data":{"object":{}}}'];
  const cases: [name: string, payload: () => string][] = [
    ['of an order that does not exist', () => eventOf(newId('order'))],
    ['of an order id of another shape', () => eventOf('../../orders')],
    ['of an unknown type', () => '{"id":"evt_1","object":"event","type":"moon.full","data":{}}'],
    ...EMPTY.map((payload): [string, () => string] => [`with the body ${payload}`, () => payload]),
  ];
  for (const [name, payload] of cases) {
    test(`and changes nothing: ${name}`, async () => {
      const before = await written(world);
      const text = payload();
      const response = await send(world.shop, delivering(text, signature(text, world.secret)));
      const answer = await response.text();
      expectNoInsides(answer);
      expect([response.status, answer]).toEqual([200, '{"received":true}']);
      expect(await written(world)).toEqual(before);
    });
  }

  test('three times, and the order takes its state from the provider, not from the event', async () => {
    const { shop, orderId, secret } = world;
    const payload = eventOf(orderId);
    for (let time = 1; time <= 3; time++) {
      const { status } = await send(shop, delivering(payload, signature(payload, secret)));
      expect(status).toBe(200);
    }
    expect((await providerView(shop, orderId)).paid).toEqual([]);
    expect((await orderRow(shop, orderId))?.status).toBe('awaiting_payment');
  });
});
