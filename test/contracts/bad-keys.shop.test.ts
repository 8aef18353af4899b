// Tests that missing, invalid, expired and foreign API keys, and invalid list queries, are refused.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  bearer,
  catalogueOf,
  expectProblem,
  newKey,
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
  mine: Store;
  theirs: Store;
  readOnly: string;
  expired: string;
  /** Two of each are mine, so that lists of one have a cursor. */
  productId: string;
  collectionId: string;
  cursor: string;
  theirCursor: string;
  collectionCursor: string;
}

let world: World;

const post = async (shop: Shop, { key }: Store, path: string, body: unknown): Promise<string> => {
  const made = await send(shop, { method: 'POST', path, headers: bearer(key), body });
  expect(made.status).toBe(201);
  return ((await made.json()) as { id: string }).id;
};

const firstCursor = async (shop: Shop, { key }: Store, path: string): Promise<string> => {
  const page = await send(shop, { method: 'GET', path: `${path}?limit=1`, headers: bearer(key) });
  const { nextCursor } = (await page.json()) as { nextCursor: string };
  expect(nextCursor).toBeString();
  return nextCursor;
};

const filled = async (shop: Shop) => {
  const store = await newStore(shop, [
    'products:read',
    'products:write',
    'inventory:read',
    'inventory:write',
  ]);
  const productId = await post(shop, store, '/product', { name: 'One', price: 1 });
  await post(shop, store, '/product', { name: 'Two', price: 2 });
  const collectionId = await post(shop, store, '/collection', { name: 'One' });
  await post(shop, store, '/collection', { name: 'Two' });
  return { store, productId, collectionId, cursor: await firstCursor(shop, store, '/products') };
};

beforeAll(async () => {
  const shop = await openShop();
  const { store: mine, ...own } = await filled(shop);
  const { store: theirs, cursor: theirCursor } = await filled(shop);
  world = {
    shop,
    mine,
    theirs,
    ...own,
    theirCursor,
    collectionCursor: await firstCursor(shop, mine, '/collections'),
    readOnly: await newKey(shop, mine.storeId, ['products:read']),
    expired: await newKey(shop, mine.storeId, ['products:write'], new Date(Date.now() - 1000)),
  };
}, UP_LIMIT_MS);

const written = async ({ shop, mine, theirs }: World) => [
  await catalogueOf(shop, mine.storeId),
  await catalogueOf(shop, theirs.storeId),
];

const NEW_NAME = { name: 'Taken over' };
const CALLS: [name: string, sent: (here: World) => Sent][] = [
  ['reads a product', ({ productId }) => ({ method: 'GET', path: `/product/${productId}` })],
  [
    'changes a product',
    ({ productId }) => ({ method: 'PUT', path: `/product/${productId}`, body: NEW_NAME }),
  ],
  ['deletes a product', ({ productId }) => ({ method: 'DELETE', path: `/product/${productId}` })],
  [
    'moves a product',
    ({ productId }) => {
      const path = `/product/${productId}/collections`;
      return { method: 'PUT', path, body: { collectionIds: [] } };
    },
  ],
  [
    'counts stock',
    ({ productId }) => {
      return { method: 'PUT', path: `/product/${productId}/stock`, body: { quantity: 5 } };
    },
  ],
  ['reads stock', ({ productId }) => ({ method: 'GET', path: `/product/${productId}/stock` })],
  ['reads a collection', ({ collectionId: id }) => ({ method: 'GET', path: `/collection/${id}` })],
  [
    'changes a collection',
    ({ collectionId }) => {
      return { method: 'PUT', path: `/collection/${collectionId}`, body: NEW_NAME };
    },
  ],
];

const everywhere = (
  who: string,
  headers: (here: World) => Record<string, string>,
  status: number,
  code: string,
): Row<World>[] =>
  CALLS.map(([name, sent]) => [
    `${who} that ${name}`,
    (here) => ({ ...sent(here), headers: headers(here) }),
    status,
    code,
  ]);

const creating =
  (headers: (here: World) => Record<string, string>): Row<World>[1] =>
  (here) => ({
    method: 'POST',
    path: '/product',
    body: { name: 'Bad', price: 1 },
    headers: headers(here),
  });
const unknown = (name: string, authorization: (here: World) => string): Row<World> => [
  name,
  creating((here) => ({ authorization: authorization(here) })),
  401,
  'UNAUTHENTICATED',
];

describe('an API key', () => {
  const NONE = Buffer.from('{"alg":"none"}').toString('base64url');
  const rows: Row<World>[] = [
    ...everywhere('that is missing for one', () => ({}), 401, 'UNAUTHENTICATED'),
    unknown('that is empty', () => ''),
    unknown('without its scheme', ({ mine }) => mine.key),
    unknown('of another scheme', ({ mine }) => `Basic ${btoa(`${mine.key}:`)}`),
    unknown('truncated', ({ mine }) => `Bearer ${mine.key.slice(0, -1)}`),
    unknown('with one character more', ({ mine }) => `Bearer ${mine.key}0`),
    unknown('in capitals', ({ mine }) => `Bearer ${mine.key.toUpperCase()}`),
    unknown('of 10,000 characters', () => `Bearer hf_${'x'.repeat(10_000)}`),
    unknown('that does not exist', () => `Bearer hf_${'0'.repeat(32)}`),
    unknown('with a quote in it', () => `Bearer hf_' or 1=1 --${'0'.repeat(20)}`),
    unknown('that has expired', ({ expired }) => `Bearer ${expired}`),
    unknown('that is a service token', ({ shop }) => `Bearer ${shop.env['INTERNAL_TOKEN']}`),
    unknown('that is an unsigned token', () => `Bearer ${NONE}.${NONE}.`),
    ['without the scope', creating(({ readOnly }) => bearer(readOnly)), 403, 'PERMISSION_DENIED'],
    [
      'of an operator, for products,',
      creating(({ shop }) => bearer(shop.env['OPERATOR_KEY'] ?? '')),
      403,
      'PERMISSION_DENIED',
    ],
    [
      'of a store, for recovery,',
      ({ mine }) => ({ method: 'GET', path: '/recovery/overview', headers: bearer(mine.key) }),
      403,
      'PERMISSION_DENIED',
    ],
  ];
  refuses(rows, () => world, written);

  test('that is missing is requested by its scheme', async () => {
    const response = await send(world.shop, { method: 'GET', path: '/products' });
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });
});

describe('the key of another store', () => {
  const spoofed = ({ theirs, mine }: World) => ({
    ...bearer(theirs.key),
    'holdfast-store': mine.storeId,
    'x-store-id': mine.storeId,
    'x-forwarded-for': '127.0.0.1',
  });
  const joining = ({ theirs, collectionId }: World): Sent => {
    const body = { name: 'Bad', price: 1, collectionIds: [collectionId] };
    return { method: 'POST', path: '/product', headers: bearer(theirs.key), body };
  };
  const rows: Row<World>[] = [
    ...everywhere('like a missing object: one', spoofed, 404, 'NOT_FOUND'),
    ['in a collection of mine', joining, 400, 'INVALID_INPUT'],
  ];
  refuses(rows, () => world, written);

  test('lists none of my objects', async () => {
    const { shop, mine } = world;
    for (const path of ['/products', '/collections']) {
      const page = await send(shop, { method: 'GET', path, headers: spoofed(world) });
      expect(await page.text()).not.toContain(mine.storeId);
    }
  });

  test('gets the same refusal for my product as for a missing one', async () => {
    const { shop, theirs, productId } = world;
    const [first, second] = await Promise.all(
      [productId, newId('product')].map(async (id) => {
        const sent = { method: 'GET', path: `/product/${id}`, headers: bearer(theirs.key) };
        const problem = await expectProblem(await send(shop, sent), 404, 'NOT_FOUND');
        return { ...problem, requestId: '' };
      }),
    );
    expect(first).toEqual(second);
  });
});

describe('a list requested', () => {
  const page = (name: string, query: (here: World) => string): Row<World> => [
    name,
    (here) => {
      return { method: 'GET', path: `/products?${query(here)}`, headers: bearer(here.mine.key) };
    },
    400,
    'INVALID_INPUT',
  ];
  const LIMITS = ['0', '-1', '101', '1e9', '1.5', 'ten', '', 'NaN', 'Infinity', '%00', '%zz'];
  const flipped = (cursor: string): string =>
    `${cursor.slice(0, -2)}${cursor.endsWith('AA') ? 'BB' : 'AA'}`;
  const rows: Row<World>[] = [
    ...LIMITS.map((limit) => page(`with limit "${limit}"`, () => `limit=${limit}`)),
    page('with two limits', () => 'limit=1&limit=2'),
    page('with an unknown parameter', () => 'sort=price'),
    page('with a store in the query', ({ theirs }) => `storeId=${theirs.storeId}`),
    page('after a forged cursor', () => 'cursor=cHJkXzAwMDAwMDAwMDAwMA'),
    page('after a cursor of another alphabet', () => 'cursor=%27%20or%201%3D1'),
    page('after a cursor of 501 characters', () => `cursor=${'a'.repeat(501)}`),
    page('after a changed cursor', ({ cursor }) => `cursor=${flipped(cursor)}`),
    page('after the cursor of another list', (here) => `cursor=${here.collectionCursor}`),
    page('after the cursor of another store', ({ theirCursor }) => `cursor=${theirCursor}`),
  ];
  refuses(rows, () => world, written);
});
