// Tests that a webhook without the carrier's fresh signature changes nothing, nor one about nothing.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { signedByCarrier } from '../support/judges.ts';
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

let world: WaitingOrder;
beforeAll(async () => {
  world = await waitingOrder(await openShop());
}, UP_LIMIT_MS);

/** The order and its stock, and the events that were stored of it. */
const written = async ({ shop, ware, email, orderId }: WaitingOrder) => {
  const [row] = await shop.sql`select count(*) from orders.webhook_events
    where source = 'carrier' and reference = ${orderId}`;
  return [await ordersOf(shop, ware.sku, email), row];
};

const eventOf = (reference: string, more: object = {}): string =>
  JSON.stringify({
    type: 'shipment.updated',
    timestamp: new Date().toISOString(),
    data: { shipmentId: `shp_${crypto.randomUUID()}`, reference, status: 'delivered', ...more },
  });

const delivering = (raw: Sent['raw'], headers: Record<string, string> = {}): Sent => ({
  method: 'POST',
  path: '/webhooks/carrier',
  raw: raw ?? '',
  headers,
});

const OTHER = `whsec_${Buffer.from('a secret of another sender').toString('base64')}`;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

type Signed = (payload: string) => Record<string, string>;
const row = (name: string, signed: Signed): Row<WaitingOrder> => [
  name,
  ({ orderId }) => {
    const payload = eventOf(orderId);
    return delivering(payload, signed(payload));
  },
  400,
  'INVALID_INPUT',
];

describe("a carrier's webhook", () => {
  const without = (name: string): Signed => {
    return (payload) => {
      const { [name]: _, ...others } = signedByCarrier(payload);
      return others;
    };
  };
  const rewritten: Row<WaitingOrder> = [
    'whose body was serialised again',
    ({ orderId }) => {
      const payload = eventOf(orderId);
      return delivering(JSON.stringify(JSON.parse(payload), null, 1), signedByCarrier(payload));
    },
    400,
    'INVALID_INPUT',
  ];
  const rows: Row<WaitingOrder>[] = [
    row('without its headers', () => ({})),
    row('without an id', without('webhook-id')),
    row('without a time', without('webhook-timestamp')),
    row('without a signature', without('webhook-signature')),
    row('signed with another secret', (payload) => signedByCarrier(payload, { secret: OTHER })),
    row('signed as Stripe does', () => ({ 'stripe-signature': `t=${nowSeconds()},v1=00` })),
    row('signed six minutes ago', (payload) =>
      signedByCarrier(payload, { at: nowSeconds() - 360 }),
    ),
    row('signed six minutes from now', (payload) =>
      signedByCarrier(payload, { at: nowSeconds() + 360 }),
    ),
    rewritten,
    ['over 1 MiB, as it declares,', () => delivering(tooLong()), 413, 'BODY_TOO_LARGE'],
    ['over 1 MiB, in chunks,', () => delivering(tooLongChunked()), 413, 'BODY_TOO_LARGE'],
    [
      'over 64 KiB, though signed,',
      ({ orderId }) => {
        const payload = eventOf(orderId, { more: 'x'.repeat(64 * 1024) });
        return delivering(payload, signedByCarrier(payload));
      },
      413,
      'BODY_TOO_LARGE',
    ],
    [
      'that is no JSON, though signed,',
      () => delivering('event', signedByCarrier('event')),
      400,
      'INVALID_INPUT',
    ],
  ];
  refuses(rows, () => world, written);
});

describe("a carrier's signed webhook is accepted", () => {
  const cases: [name: string, payload: () => string][] = [
    ['of an order that does not exist', () => eventOf(newId('order'))],
    ['of a return that does not exist', () => eventOf(newId('return'))],
    ['of a reference of another shape', () => eventOf('../../orders')],
    ['of an unknown status', () => eventOf(world.orderId, { status: 'in_customs' })],
    ['of an unknown type', () => '{"type":"moon.full","data":{}}'],
    ['without data', () => '{"type":"shipment.updated"}'],
    ['with the body {}', () => '{}'],
  ];
  for (const [name, payload] of cases) {
    test(`and changes nothing: ${name}`, async () => {
      const before = await written(world);
      const text = payload();
      const response = await send(world.shop, delivering(text, signedByCarrier(text)));
      const answer = await response.text();
      expectNoInsides(answer);
      expect([response.status, answer]).toEqual([200, '{"received":true}']);
      expect(await written(world)).toEqual(before);
    });
  }
});
