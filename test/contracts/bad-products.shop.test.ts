// Tests that an invalid product is refused with the field's name, and nothing of it is stored.
import { beforeAll, describe, expect } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  bearer,
  catalogueOf,
  newStore,
  refuses,
  send,
  type Row,
  type Sent,
  type Store,
} from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

interface World {
  shop: Shop;
  store: Store;
  productId: string;
  /** A product with two variants. */
  pairId: string;
  sku: string;
}

let world: World;
beforeAll(async () => {
  const shop = await openShop();
  const store = await newStore(shop, [
    'products:read',
    'products:write',
    'inventory:read',
    'inventory:write',
  ]);
  const sku = `T-${newId('event')}`;
  const make = async (body: unknown): Promise<string> => {
    const path = '/product';
    const made = await send(shop, { method: 'POST', path, headers: bearer(store.key), body });
    expect(made.status).toBe(201);
    return ((await made.json()) as { id: string }).id;
  };
  const productId = await make({ name: 'One', variants: [{ sku, price: 5 }] });
  const variants = ['a', 'b'].map((at) => ({ sku: `${sku}-${at}`, price: 5 }));
  const pairId = await make({ name: 'Pair', variants });
  world = { shop, store, productId, pairId, sku };
}, UP_LIMIT_MS);

const written = ({ shop, store }: World) => catalogueOf(shop, store.storeId);

const calling = (method: string, path: string, sent: Partial<Sent>, { store }: World): Sent => ({
  method,
  path,
  ...sent,
  headers: { ...bearer(store.key), ...sent.headers },
});

const longProduct = (): object => ({
  name: 'Long',
  variants: Array.from({ length: 100 }, (_, at) => ({
    sku: `LONG-${at}`,
    price: 1,
    options: Object.fromEntries([1, 2, 3, 4, 5, 6].map((one) => [`o${one}`, 'x'.repeat(500)])),
  })),
});

type RouteInput = (world: World) => Sent;
const creating =
  (body: unknown): RouteInput =>
  (here) =>
    calling('POST', '/product', { body }, here);
const creatingRaw =
  (raw: string): RouteInput =>
  (here) =>
    calling('POST', '/product', { raw }, here);
const changing =
  (body: unknown, headers: Record<string, string> = {}): RouteInput =>
  (here) =>
    calling('PUT', `/product/${here.productId}`, { body, headers }, here);
const counting =
  (body: unknown, of: (here: World) => string = (here) => here.productId): RouteInput =>
  (here) =>
    calling('PUT', `/product/${of(here)}/stock`, { body }, here);
const invalid = (name: string, request: RouteInput): Row<World> => [
  name,
  request,
  400,
  'INVALID_INPUT',
];
const malformed = (name: string, request: RouteInput): Row<World> => [
  name,
  request,
  400,
  'MALFORMED_BODY',
];
const missing = (name: string, request: RouteInput): Row<World> => [
  name,
  request,
  404,
  'NOT_FOUND',
];

const BASE = { name: 'Bad', description: '', price: 1 };
const withPrice = (price: unknown) => creating({ ...BASE, price });
const withVariants = (...variants: unknown[]) => creating({ name: 'Bad', variants });
const V = { sku: 'T-bad', price: 1 };
const MANY = Array.from({ length: 101 }, (_, at) => ({ sku: `T-bad-${at}`, price: 1 }));

describe('a product sent with', () => {
  const rows: Row<World>[] = [
    invalid('more than 256 KiB', creating(longProduct())),
    invalid('an unknown field', creating({ ...BASE, colour: 'red' })),
    invalid('a store id', creating({ ...BASE, storeId: 'sto_default' })),
    invalid('an id', creating({ ...BASE, id: newId('product') })),
    invalid('no name', creating({ price: 1 })),
    invalid('an empty name', creating({ ...BASE, name: '' })),
    invalid('a name of blanks', creating({ ...BASE, name: ' \t ' })),
    invalid('a name of 201 characters', creating({ ...BASE, name: 'x'.repeat(201) })),
    invalid('a name that is a number', creating({ ...BASE, name: 5 })),
    invalid('a name that is null', creating({ ...BASE, name: null })),
    invalid('a description of 10,001', creating({ ...BASE, description: 'x'.repeat(10_001) })),
    invalid('an unknown status', creating({ ...BASE, status: 'sold' })),
    invalid('an unknown currency', creating({ ...BASE, currency: 'XXX' })),
    invalid('a slug with blanks', creating({ ...BASE, slug: 'Not A Slug' })),
    invalid('attributes that are a list', creating({ ...BASE, attributes: ['red'] })),
    invalid('an attribute that is a number', creating({ ...BASE, attributes: { size: 42 } })),
    invalid('media without an address', creating({ ...BASE, media: [{ url: 'picture' }] })),
    invalid('neither price nor variants', creating({ name: 'Bad' })),
    invalid('a price and variants', creating({ ...BASE, variants: [V] })),
    invalid('a list for a body', creating([BASE])),
    invalid('null for a body', creating(null)),
    invalid('a text for a body', creating('product')),
  ];
  refuses(rows, () => world, written);
});

describe('a price', () => {
  const rows: Row<World>[] = [
    invalid('below zero', withPrice(-1)),
    invalid('of minus zero', creatingRaw('{"name":"Bad","price":-0}')),
    invalid('with three decimals', withPrice(29.999)),
    invalid('of a ten-millionth', withPrice(1e-7)),
    invalid('above the largest', withPrice(21_474_836.48)),
    invalid('beyond what a number holds exactly', withPrice(2 ** 53)),
    invalid('of 1e300', withPrice(1e300)),
    malformed('of 1e400', creatingRaw('{"name":"Bad","price":1e400}')),
    malformed('that is NaN', creatingRaw('{"name":"Bad","price":NaN}')),
    invalid('that is a text', withPrice('29.99')),
    invalid('that is null', withPrice(null)),
    invalid('that is true', withPrice(true)),
    invalid('that is a list', withPrice([29.99])),
    invalid(
      'with decimals that yen do not have',
      creating({ ...BASE, price: 9.5, currency: 'JPY' }),
    ),
    invalid('below zero in a change', changing({ price: -1 })),
    invalid('beside variants in a change', changing({ price: 1, variants: [V] })),
    [
      'for a product of two variants',
      (here) => calling('PUT', `/product/${here.pairId}`, { body: { price: 3 } }, here),
      422,
      'PRICE_AMBIGUOUS',
    ],
  ];
  refuses(rows, () => world, written);
});

describe('a list of variants', () => {
  const rows: Row<World>[] = [
    invalid('that is empty', withVariants()),
    invalid('of 101', withVariants(...MANY)),
    invalid('with one sku twice', withVariants(V, V)),
    invalid('with two currencies', withVariants(V, { sku: 'T-b', price: 1, currency: 'EUR' })),
    invalid('with a sku of blanks', withVariants({ ...V, sku: ' ' })),
    invalid('with a sku of 65 characters', withVariants({ ...V, sku: 'x'.repeat(65) })),
    invalid('with an unknown field', withVariants({ ...V, stock: 5 })),
    invalid('with half a position', withVariants({ ...V, position: 0.5 })),
    [
      'with a sku that is taken',
      (here) => withVariants({ sku: here.sku, price: 1 })(here),
      409,
      'SKU_TAKEN',
    ],
  ];
  refuses(rows, () => world, written);
});

describe('a change of a product', () => {
  const to = (path: string, body: unknown = { name: 'New' }): RouteInput => {
    return (here) => calling('PUT', path, { body }, here);
  };
  const collections = (collectionIds: unknown): RouteInput => {
    return (here) =>
      calling('PUT', `/product/${here.productId}/collections`, { body: { collectionIds } }, here);
  };
  const rows: Row<World>[] = [
    missing('that does not exist', to(`/product/${newId('product')}`)),
    missing('whose id is of another shape', to('/product/17')),
    missing('whose id is of another kind', to(`/product/${newId('order')}`)),
    missing('whose id has a NUL', to('/product/prd_%00')),
    missing('whose id is no UTF-8', to('/product/%E0%A4%A')),
    invalid('with an unknown field', changing({ colour: 'red' })),
    invalid('with a name that is null', changing({ name: null })),
    invalid('with an invalid If-Match', changing({ name: 'N' }, { 'if-match': 'W/1' })),
    [
      'of an older version',
      changing({ name: 'N' }, { 'if-match': '"9"' }),
      412,
      'VERSION_MISMATCH',
    ],
    [
      'of an absurd version',
      changing({ name: 'N' }, { 'if-match': '"999999999999999"' }),
      412,
      'VERSION_MISMATCH',
    ],
    invalid('into a collection that does not exist', collections([newId('collection')])),
    invalid('into an invalid collection id', collections(['summer'])),
    invalid('into a collection that is null', collections([null])),
    invalid('into a text', collections('all')),
  ];
  refuses(rows, () => world, written);
});

describe('a count of stock', () => {
  const rows: Row<World>[] = [
    invalid('below zero', counting({ quantity: -1 })),
    invalid('of one and a half', counting({ quantity: 1.5 })),
    invalid('that is a text', counting({ quantity: '1' })),
    invalid('that is null', counting({ quantity: null })),
    invalid('above a billion', counting({ quantity: 1_000_000_001 })),
    invalid('without a quantity', counting({})),
    invalid('with an unknown field', counting({ quantity: 1, reserved: 0 })),
    invalid("of another product's sku", counting({ sku: 'T-other', quantity: 1 })),
    invalid(
      'of one of two variants, unnamed',
      counting({ quantity: 1 }, (here) => here.pairId),
    ),
    missing(
      'of a product that does not exist',
      counting({ quantity: 1 }, () => newId('product')),
    ),
    missing(
      'of an id of another shape',
      counting({ quantity: 1 }, () => 'shoes'),
    ),
    missing(
      'of a path in place of an id',
      counting({ quantity: 1 }, () => '..%2Fheartbeat'),
    ),
    missing(
      'of a query in place of an id',
      counting({ quantity: 1 }, () => 'prd_a%3Fx=1'),
    ),
  ];
  refuses(rows, () => world, written);
});
