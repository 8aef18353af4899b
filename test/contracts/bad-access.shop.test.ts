// Tests that another shopper's order is refused like a missing one.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  cancelByShopper,
  newEmail,
  placeOrder,
  stockedWare,
  type OrderAnswer,
  type Ware,
} from '../support/journeys.ts';
import {
  bearer,
  expectProblem,
  ordersOf,
  refuses,
  send,
  type Row,
  type Sent,
} from '../support/refusals.ts';
import { reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

interface World {
  shop: Shop;
  ware: Ware;
  email: string;
  /** Both orders wait for their shoppers, so that only these tests can move them. */
  mine: OrderAnswer;
  theirs: OrderAnswer;
}

let world: World;
beforeAll(async () => {
  const shop = await openShop();
  const ware = await stockedWare(shop, 2);
  const email = newEmail();
  const placed = async (): Promise<OrderAnswer> => {
    const paymentMethod = 'pm_card_authenticationRequired';
    const { status, body } = await placeOrder(shop, { sku: ware.sku, email, paymentMethod });
    expect(status).toBe(202);
    return body;
  };
  world = { shop, ware, email, mine: await placed(), theirs: await placed() };
}, UP_LIMIT_MS);
afterAll(async () => {
  const { shop, theirs } = world;
  await cancelByShopper(shop, theirs.id, theirs.accessToken);
});

const written = ({ shop, ware, email }: World) => ordersOf(shop, ware.sku, email);

const APIS: [name: string, sent: (id: string) => Sent][] = [
  ['read', (id) => ({ method: 'GET', path: `/orders/${id}` })],
  ['timeline', (id) => ({ method: 'GET', path: `/orders/${id}/events` })],
  [
    'live timeline',
    (id) => {
      const headers = { accept: 'text/event-stream' };
      return { method: 'GET', path: `/orders/${id}/events`, headers };
    },
  ],
  ['payment', (id) => ({ method: 'POST', path: `/orders/${id}/payment`, body: {} })],
  ['cancellation', (id) => ({ method: 'POST', path: `/orders/${id}/cancel`, body: {} })],
];

type Authorization = (here: World) => Record<string, string>;
const of = (
  name: string,
  id: (here: World) => string,
  authorization: Authorization,
  status = 404,
): Row<World>[] =>
  APIS.map(([api, sentTo]) => [
    `the ${api} ${name}`,
    (here) => {
      const sent = sentTo(id(here));
      return { ...sent, headers: { ...sent.headers, ...authorization(here) } };
    },
    status,
    status === 404 ? 'NOT_FOUND' : 'UNAUTHENTICATED',
  ]);

describe('of an order', () => {
  const mine = (here: World): string => here.mine.id;
  const myToken: Authorization = (here) => bearer(here.mine.accessToken);
  const cut: Authorization = (here) => bearer(here.mine.accessToken.slice(0, -1));
  const storeKey: Authorization = ({ shop }) => bearer(shop.env['STORE_KEY'] ?? '');
  const rows: Row<World>[] = [
    ...of('without a token', mine, () => ({}), 401),
    ...of('with a token of another scheme', mine, () => ({ authorization: 'Basic aGY6' }), 401),
    ...of('with an empty token', mine, () => bearer('hfo_')),
    ...of('with a truncated token', mine, cut),
    ...of("with another order's token", (here) => here.theirs.id, myToken),
    ...of("with a store's key", mine, storeKey),
    ...of('that does not exist', () => newId('order'), myToken),
    ...of('of another shape', () => '17', myToken),
    ...of('of a path', () => '..%2Fproducts', myToken),
    ...of('of a NUL', () => '%00', myToken),
  ];
  refuses(rows, () => world, written);

  test("another's is refused with the same body as one that never existed", async () => {
    const { shop, mine: own, theirs } = world;
    for (const [, sentTo] of APIS) {
      const [foreign, unknown] = await Promise.all(
        [theirs.id, newId('order')].map(async (id) => {
          const sent = sentTo(id);
          const headers = { ...sent.headers, ...bearer(own.accessToken) };
          const response = await send(shop, { ...sent, headers });
          return { ...(await expectProblem(response, 404, 'NOT_FOUND')), requestId: '' };
        }),
      );
      expect(foreign).toEqual(unknown);
    }
  });
});

describe('with the right token an order', () => {
  const calling =
    (path: string, body: unknown) =>
    (here: World): Sent => ({
      method: 'POST',
      path: `/orders/${here.mine.id}/${path}`,
      headers: bearer(here.mine.accessToken),
      body,
    });
  const invalid = (name: string, path: string, body: unknown): Row<World> => [
    name,
    calling(path, body),
    400,
    'INVALID_INPUT',
  ];
  const rows: Row<World>[] = [
    invalid('paid with an unknown payment method', 'payment', { paymentMethod: 'visa' }),
    invalid('paid with a number', 'payment', { paymentMethod: 5 }),
    invalid('paid with an amount', 'payment', { amount: 1 }),
    invalid('cancelled with an unknown field', 'cancel', { refund: 1_000 }),
    invalid('cancelled with a list', 'cancel', []),
    [
      'paid with a card number',
      calling('payment', { paymentMethod: '4242424242424242' }),
      400,
      'CARD_DATA_FORBIDDEN',
    ],
  ];
  refuses(rows, () => world, written);

  test('is cancelled', async () => {
    const { shop, mine } = world;
    const { status } = await cancelByShopper(shop, mine.id, mine.accessToken);
    // 202 when the undoing takes longer than a caller waits.
    expect([200, 202]).toContain(status);
    await reached(shop, mine.id, 'cancelled');
  });
});
