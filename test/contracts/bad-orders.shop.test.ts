// Tests that an invalid checkout is refused and leaves no order, key or hold.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { ADDRESS, newEmail, placeOrder, stockedWare, type Ware } from '../support/journeys.ts';
import {
  expectProblem,
  ordersOf,
  refuses,
  send,
  type Row,
  type Sent,
} from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

interface World {
  shop: Shop;
  ware: Ware;
  email: string;
}

let world: World;
beforeAll(async () => {
  const shop = await openShop();
  world = { shop, ware: await stockedWare(shop, 3), email: newEmail() };
}, UP_LIMIT_MS);

const written = ({ shop, ware, email }: World) => ordersOf(shop, ware.sku, email);

/** A valid checkout: each row makes one thing of it invalid. */
const good = ({ ware, email }: World) => ({
  lines: [{ sku: ware.sku, quantity: 1 }],
  email,
  shippingAddress: ADDRESS,
  paymentMethod: 'pm_card_visa',
});

const checkout = (body: unknown, key: string = crypto.randomUUID()): Sent => ({
  method: 'POST',
  path: '/orders',
  headers: { 'idempotency-key': key },
  body,
});

type Change = Record<string, unknown>;
const invalid = (name: string, change: Change | ((here: World) => Change)): Row<World> => [
  name,
  (here) => checkout({ ...good(here), ...(typeof change === 'function' ? change(here) : change) }),
  400,
  'INVALID_INPUT',
];
const ofQuantity = (quantity: unknown): Row<World> =>
  invalid(`of ${JSON.stringify(quantity)} units`, ({ ware }) => ({
    lines: [{ sku: ware.sku, quantity }],
  }));
const toAddress = (name: string, change: Change): Row<World> =>
  invalid(name, { shippingAddress: { ...ADDRESS, ...change } });

describe('an order', () => {
  const QUANTITIES = [0, -1, 1.5, '1', 10_001, 1e9, 2 ** 31, 2 ** 53, null, true, [1], {}];
  const rows: Row<World>[] = [
    ...QUANTITIES.map(ofQuantity),
    invalid('without lines', { lines: undefined }),
    invalid('of an empty list of lines', { lines: [] }),
    invalid('of lines that are null', { lines: null }),
    invalid('of a line that is null', { lines: [null] }),
    invalid('of 101 lines', ({ ware }) => ({
      lines: Array.from({ length: 101 }, () => ({ sku: ware.sku, quantity: 1 })),
    })),
    invalid('of a line without a sku', { lines: [{ quantity: 1 }] }),
    invalid('of a line with a price', ({ ware }) => ({
      lines: [{ sku: ware.sku, quantity: 1, price: 0.01 }],
    })),
    invalid('of a sku of another shape', { lines: [{ sku: "' or 1=1 --", quantity: 1 }] }),
    invalid('of a sku that is not for sale', {
      lines: [{ sku: `T-${newId('event')}`, quantity: 1 }],
    }),
    invalid('of a valid line and one that is not for sale', ({ ware }) => ({
      lines: [
        { sku: ware.sku, quantity: 1 },
        { sku: `T-${newId('event')}`, quantity: 1 },
      ],
    })),
    invalid('with a total', { total: 0.01 }),
    invalid('with a store', { storeId: newId('store') }),
    invalid('with a role', { role: 'operator' }),
    invalid('with a currency', { currency: 'KWD' }),
    invalid('with an expected total below zero', { expectedTotal: -1 }),
    invalid('with an expected total of a tenth of a cent', { expectedTotal: 29.991 }),
    invalid('with an expected total of 1e21', { expectedTotal: 1e21 }),
    invalid('with an expected total that is a text', { expectedTotal: '29.99' }),
    [
      'with an outdated expected total',
      (here) => checkout({ ...good(here), expectedTotal: 1 }),
      409,
      'PRICE_CHANGED',
    ],
    invalid('without a payment method', { paymentMethod: undefined }),
    invalid('with an unknown payment method', { paymentMethod: 'visa' }),
    invalid('paid with a token of another kind', { paymentMethod: 'tok_visa' }),
    invalid('paid with a path', { paymentMethod: 'pm_../../refunds' }),
  ];
  refuses(rows, () => world, written);
});

describe('an order to', () => {
  const mailTo = (email: unknown): Row<World> => invalid(JSON.stringify(email), { email });
  const rows: Row<World>[] = [
    ...['', 'robin', 'robin@', '@shop.example', 'a b@shop.example', 'a@b@shop.example'].map(mailTo),
    mailTo('robin@shop.example\r\nBcc: all@shop.example'),
    mailTo('<robin@shop.example>'),
    mailTo('a@shop.example,b@shop.example'),
    mailTo(null),
    mailTo(['robin@shop.example']),
    invalid('an e-mail of 201 characters', { email: `${'x'.repeat(188)}@shop.example` }),
    invalid('no e-mail', { email: undefined }),
    invalid('no address', { shippingAddress: undefined }),
    invalid('an address that is a text', { shippingAddress: '1 Harbour Street' }),
    toAddress('no name', { name: undefined }),
    toAddress('a name of blanks', { name: '   ' }),
    toAddress('a name of 201 characters', { name: 'x'.repeat(201) }),
    toAddress('a street that is a number', { line1: 7 }),
    toAddress('a city that is null', { city: null }),
    toAddress('an empty postal code where one is needed', { postalCode: '' }),
    toAddress('no postal code where one is needed', { postalCode: undefined }),
    toAddress('a country that does not exist', { country: 'ZZ' }),
    toAddress('a country in small letters', { country: 'gb' }),
    toAddress('a country of three letters', { country: 'GBR' }),
    toAddress('a country by name', { country: 'Scotland' }),
    toAddress('an unknown field', { planet: 'Earth' }),
  ];
  refuses(rows, () => world, written);
});

describe('an Idempotency-Key', () => {
  const keyed = (name: string, key: string | undefined, code: string): Row<World> => [
    name,
    (here) => {
      const { headers: _, ...sent } = checkout(good(here));
      return { ...sent, ...(key !== undefined && { headers: { 'idempotency-key': key } }) };
    },
    400,
    code,
  ];
  const missing = (name: string, key?: string) => keyed(name, key, 'IDEMPOTENCY_KEY_MISSING');
  const wrong = (name: string, key: string) => keyed(name, key, 'INVALID_INPUT');
  const rows: Row<World>[] = [
    missing('that is missing'),
    missing('that is empty', ''),
    wrong('of 15 characters', 'k'.repeat(15)),
    wrong('of 256 characters', 'k'.repeat(256)),
    wrong('with a blank', `${'k'.repeat(16)} k`),
    wrong('with a tab', `${'k'.repeat(16)}\tk`),
    wrong('with a character that is not ASCII', `${'k'.repeat(16)}\u00e9`),
    wrong('with two values', `${'k'.repeat(16)}, ${'l'.repeat(16)}`),
    keyed('that is a card number', '4242424242424242', 'CARD_DATA_FORBIDDEN'),
    keyed('that is a card number in fours', '4242-4242-4242-4242', 'CARD_DATA_FORBIDDEN'),
  ];
  refuses(rows, () => world, written);

  for (const [name, character] of [
    ['a control character', '\u0001'],
    ['a delete character', '\u007f'],
  ] as const) {
    test(`with ${name} is refused, if not already by the listener: 400`, async () => {
      const before = await written(world);
      const key = `${'k'.repeat(16)}${character}`;
      const { status } = await send(world.shop, checkout(good(world), key));
      expect([status, await written(world)]).toEqual([400, before]);
    });
  }

  test('used again with another body is refused, and the first order stays: 422', async () => {
    const { shop } = world;
    const ware = await stockedWare(shop, 5);
    const here = { ...world, ware, email: newEmail() };
    const key = crypto.randomUUID();
    const paymentMethod = 'pm_card_authenticationRequired';
    const { email } = here;
    const first = await placeOrder(shop, { sku: ware.sku, email, key, paymentMethod });
    expect(first.status).toBe(202);
    const before = await written(here);
    for (const change of [{ paymentMethod: 'pm_card_visa' }, { expectedTotal: 29.99 }]) {
      const again = await send(shop, checkout({ ...good(here), paymentMethod, ...change }, key));
      await expectProblem(again, 422, 'IDEMPOTENCY_KEY_REUSED');
    }
    expect(await written(here)).toEqual(before);
  });
});
