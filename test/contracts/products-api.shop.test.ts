// Tests the Products API's guarantees: keys, links, batches, collections.
import { beforeAll, describe, expect, test } from 'bun:test';
import { bearer, newStore, send, type Store } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
let store: Store;
beforeAll(async () => {
  shop = await openShop();
  store = await newStore(shop, ['products:read', 'products:write']);
}, UP_LIMIT_MS);

interface Shown {
  id: string;
  version: number;
  collectionIds: string[];
  results: { index: number; status: number; id?: string; code?: string }[];
  items: Shown[];
  nextCursor: string | null;
  code: string;
}

const request = async (method: string, path: string, body?: unknown, headers = {}) => {
  const sent = { method, path, headers: { ...bearer(store.key), ...headers } };
  const response = await send(shop, { ...sent, ...(body !== undefined && { body }) });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === '' ? {} : JSON.parse(text)) as Shown,
  };
};

const key = (value: string = crypto.randomUUID()) => ({ 'idempotency-key': value });

describe('an Idempotency-Key', () => {
  test('makes twenty equal calls one product with one response', async () => {
    const headers = key();
    const body = { name: 'Once', price: 5 };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => request('POST', '/product', body, headers)),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(new Set(answers.map(({ status }) => status)).difference(new Set([201, 409])).size).toBe(
      0,
    );
    expect(new Set(made.map(({ body: one }) => one.id)).size).toBe(1);
    const again = await request('POST', '/product', body, headers);
    expect([again.status, again.body]).toEqual([201, made[0]?.body as Shown]);
    expect(again.headers.get('location')).toBe(`/product/${again.body.id}`);
    const [count] = await shop.sql`select count(*)::int as n from products.products
      where store_id = ${store.storeId} and name = 'Once'`;
    expect(count?.['n']).toBe(1);
  });

  test('with another body is a 422, and after a refusal may be used again', async () => {
    const headers = key();
    expect((await request('POST', '/collection', { name: 'One' }, headers)).status).toBe(201);
    const other = await request('POST', '/collection', { name: 'Two' }, headers);
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const variants = [{ sku: `K-${Date.now()}`, price: 1 }];
    await request('POST', '/product', { name: 'Holder', variants });
    const refused = key();
    expect((await request('POST', '/product', { name: 'Late', variants }, refused)).status).toBe(
      409,
    );
    expect((await request('POST', '/product', { name: 'Late', price: 1 }, refused)).status).toBe(
      201,
    );
    expect(
      (await request('POST', '/product', { name: 'X', price: 1 }, key('é'.repeat(3)))).status,
    ).toBe(400);
  });
});

describe('a batch', () => {
  test('writes its valid items and reports the result of each', async () => {
    const sku = `B-${Date.now()}`;
    const { body: known } = await request('POST', '/product', { name: 'Known', price: 1 });
    const { status, body } = await request('POST', '/products:batch', {
      products: [
        { name: 'First', variants: [{ sku, price: 2 }] },
        { name: 'No price' },
        { id: known.id, price: 3 },
        { name: 'Same sku', variants: [{ sku, price: 2 }] },
        { id: 'prd_missing', price: 3 },
        { name: 'Last', price: 4 },
      ],
    });
    expect(status).toBe(200);
    expect(body.results.map(({ status: one, code }) => [one, code ?? null])).toEqual([
      [201, null],
      [400, 'INVALID_INPUT'],
      [200, null],
      [409, 'SKU_TAKEN'],
      [404, 'NOT_FOUND'],
      [201, null],
    ]);
    const { body: changed } = await request('GET', `/product/${known.id}`);
    expect(changed.version).toBe(2);
    const many = Array.from({ length: 1_001 }, () => ({ name: 'x', price: 1 }));
    expect((await request('POST', '/products:batch', { products: many })).status).toBe(400);
  });
});

describe('a batch of a thousand', () => {
  let many: Store;
  beforeAll(async () => {
    many = await newStore(shop, ['products:write']);
  });
  /** Sends again while it is refused temporarily, as any caller would. */
  const put = async (products: object[]) => {
    for (;;) {
      const answer = await request('POST', '/products:batch', { products }, bearer(many.key));
      if (answer.status !== 503) return answer;
    }
  };

  const thousand = (own: string) =>
    Array.from({ length: 1_000 }, (_, at) => ({
      name: `Many ${own} ${at}`,
      variants: [{ sku: `${own}-${at}`, price: 1 }],
    }));

  test('is written whole, and a second time its names are taken', async () => {
    const own = `t${crypto.randomUUID().slice(0, 8)}`;
    const { status, body } = await put(thousand(own));
    expect(status).toBe(200);
    expect(body.results.filter((one) => one.status === 201)).toHaveLength(1_000);
    const again = await put(thousand(own));
    expect(new Set(again.body.results.map(({ code }) => code))).toEqual(new Set(['SKU_TAKEN']));
  });

  test('that races another for the same names takes each name once', async () => {
    const own = `r${crypto.randomUUID().slice(0, 8)}`;
    const all = await Promise.all(
      [thousand(own), thousand(own).toReversed()].map((products) => put(products)),
    );
    const statuses = all.flatMap(({ body }) => (body.results ?? []).map((one) => one.status));
    expect(all.map(({ status }) => status)).toEqual([200, 200]);
    expect(statuses.filter((one) => one === 201)).toHaveLength(1_000);
    expect(statuses.filter((one) => one === 409)).toHaveLength(1_000);
  });

  test('applies changes of one product in their order', async () => {
    const { body: known } = await request('POST', '/product', { name: 'Twice', price: 1 });
    const { body } = await request('POST', '/products:batch', {
      products: [
        { id: known.id, name: 'Once' },
        { id: known.id, price: 3 },
      ],
    });
    expect(body.results.map(({ status }) => status)).toEqual([200, 200]);
    const { body: now } = await request('GET', `/product/${known.id}`);
    expect(now).toMatchObject({ name: 'Once', version: 2, variants: [{ price: 3 }] });
  });
});

describe('a list', () => {
  test('links to its next page, except for the last page', async () => {
    const first = await request('GET', '/products?limit=2');
    const link = /^<(.+)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? '';
    expect(link).toContain('limit=2');
    const second = await request('GET', link);
    expect(second.status).toBe(200);
    expect(second.body.items[0]?.id).not.toBe(first.body.items[0]?.id);
    const whole = await request('GET', '/products?limit=100');
    expect(whole.headers.get('link')).toBeNull();
  });
});

describe('a collection', () => {
  test('has its products in its own order, and leaves them when it is deleted', async () => {
    const { body: made } = await request('POST', '/collection', { name: 'Ordered' });
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      const { body } = await request('POST', '/product', { name, price: 1 });
      ids.push(body.id);
      await request('PUT', `/product/${body.id}/collections`, { collectionIds: [made.id] });
    }
    const [a = '', b = '', c = ''] = ids;
    const path = `/collection/${made.id}/products`;
    expect((await request('PUT', path, { productIds: [c, a] })).status).toBe(204);
    const page = await request('GET', `${path}?limit=2`);
    const rest = await request('GET', `${path}?limit=2&cursor=${page.body.nextCursor}`);
    const shown = [...page.body.items, ...rest.body.items].map(({ id }) => id);
    expect(shown).toEqual([c, a, b]);
    expect((await request('PUT', path, { productIds: [a, a] })).status).toBe(400);
    expect((await request('DELETE', `/collection/${made.id}`)).status).toBe(204);
    expect((await request('GET', `/collection/${made.id}`)).status).toBe(404);
    const left = await request('GET', `/product/${b}`);
    expect([left.body.collectionIds, left.body.version]).toEqual([[], 3]);
  });
});
