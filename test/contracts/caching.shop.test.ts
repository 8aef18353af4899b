// Tests that public reads are cacheable and share calls, and that personal ones are neither.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { call, newMember } from '../support/accounts.ts';
import { startGateway, type Gateway } from '../support/gateways.ts';
import {
  asStore,
  eventually,
  JSON_TYPE,
  placeOrder,
  searched,
  stockedWare,
  type Ware,
} from '../support/journeys.ts';
import { bearer, expectProblem } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;

const documentOf = (name: string): string =>
  createHash('sha256')
    .update(readFileSync(`apis/search/operations/${name}.graphql`))
    .digest('hex');
const PRODUCT = documentOf('public-product');

const picked = (headers: Headers, names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, headers.get(name) ?? '']));

/** A proxy between the gateway and Search that counts calls and forwards them on command. */
const watched = (searchUrl: string) => {
  let gate = Promise.withResolvers<void>();
  gate.resolve();
  let calls = 0;
  let fails = false;
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      calls++;
      const body = await request.text();
      await gate.promise;
      if (fails) return new Response('broken', { status: 503 });
      const headers = { ...JSON_TYPE, ...picked(request.headers, ['accept', 'x-request-id']) };
      return fetch(`${searchUrl}/graphql`, { method: 'POST', headers, body });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    calls: () => calls,
    hold: () => void (gate = Promise.withResolvers<void>()),
    release: () => gate.resolve(),
    fail: (whether: boolean) => void (fails = whether),
    stop: () => server.stop(true),
  };
};

let shop: Shop;
let search: ReturnType<typeof watched>;
let gateway: Gateway;
let ware: Ware;
beforeAll(async () => {
  shop = await openShop();
  search = watched(shop.env['SEARCH_URL'] ?? '');
  gateway = await startGateway({ HOLDFAST_SEARCH_URL: search.url });
  ware = await stockedWare(shop, 5);
  await searched(shop, ware);
}, UP_LIMIT_MS);
afterAll(async () => {
  search.release();
  await gateway.end();
  await search.stop();
}, LIMIT_MS);

const address = (variables: object): string => {
  const parameters = new URLSearchParams({
    documentId: PRODUCT,
    variables: JSON.stringify(variables),
  });
  return `${gateway.url}/graphql?${parameters.toString()}`;
};

const posting = (query: string, variables: object, init: RequestInit = {}) =>
  fetch(`${gateway.url}/graphql`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ query, variables }),
    ...init,
  });

const PAGE = 'query ($id: ID) { product(id: $id) { id priceFrom } }';

describe('a product page', () => {
  test('is cacheable for seconds, and is a 304 while it is the same', async () => {
    const first = await fetch(address({ id: ware.productId }));
    const body = (await first.json()) as { data: { product: { id: string } } };
    expect([first.status, body.data.product.id]).toEqual([200, ware.productId]);
    expect(first.headers.get('cache-control')).toBe('public, max-age=1, s-maxage=5');
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[\w-]{22}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await fetch(address({ id: ware.productId }), {
        headers: { 'if-none-match': known },
      });
      expect([known, again.status, await again.text()]).toEqual([known, 304, '']);
      expect(again.headers.get('etag')).toBe(etag);
    }
  });

  test(
    'has another ETag once its price or its stock has changed',
    async () => {
      const own = await stockedWare(shop, 5);
      await searched(shop, own);
      const tagged = async (known = ''): Promise<{ status: number; etag: string }> => {
        const answer = await fetch(address({ id: own.productId }), {
          headers: { 'if-none-match': known },
        });
        return { status: answer.status, etag: answer.headers.get('etag') ?? '' };
      };
      const first = await tagged();
      await asStore(shop, 'PUT', `/product/${own.productId}`, { price: 31 });
      const dearer = await eventually('the price is another', async () => {
        const seen = await tagged(first.etag);
        return seen.status === 200 ? seen : undefined;
      });
      await asStore(shop, 'PUT', `/product/${own.productId}/stock`, { quantity: 3 });
      await eventually('the stock is another', async () =>
        (await tagged(dearer.etag)).status === 200 ? true : undefined,
      );
    },
    LIMIT_MS,
  );

  test('depends on the URL alone, not on the caller', async () => {
    const { token } = await newMember(shop);
    const mine = await fetch(address({ id: ware.productId }), { headers: bearer(token) });
    const theirs = await fetch(address({ id: ware.productId }));
    expect(await mine.text()).toBe(await theirs.text());
    expect(mine.headers.get('set-cookie')).toBeNull();
  });

  test('causes one call to Search a second, however many request it', async () => {
    const before = search.calls();
    const startedAt = performance.now();
    const tags = new Set<string | null>();
    for (let at = 0; at < 50; at++)
      tags.add((await fetch(address({ id: ware.productId }))).headers.get('etag'));
    const seconds = Math.floor((performance.now() - startedAt) / 1_000);
    expect(search.calls() - before).toBeLessThanOrEqual(1 + seconds);
    expect(tags.size).toBe(1);
  });

  test('with a gap in it is not cacheable', async () => {
    const before = search.calls();
    await fetch(address({}));
    const neither = await fetch(address({}));
    expect([neither.status, neither.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(neither.headers.get('etag')).toBeNull();
    expect(await neither.json()).toMatchObject({
      errors: [{ extensions: { code: 'INVALID_INPUT' } }],
    });
    expect(search.calls() - before).toBe(2);
  });
});

describe('by GET', () => {
  const refused: [name: string, query: string, status: number, code: string][] = [
    ['a query text', 'query={__typename}', 400, 'INVALID_INPUT'],
    ['no operation', '', 400, 'INVALID_INPUT'],
    ['an invalid hash', 'documentId=x', 400, 'INVALID_INPUT'],
    ['an unknown hash', `documentId=${'0'.repeat(64)}`, 404, 'NOT_FOUND'],
    ['variables that are a list', `documentId=${PRODUCT}&variables=[]`, 400, 'INVALID_INPUT'],
    ['truncated variables', `documentId=${PRODUCT}&variables={`, 400, 'MALFORMED_BODY'],
    [
      'variables of 5,000 characters',
      `documentId=${PRODUCT}&variables=${'x'.repeat(5_000)}`,
      400,
      'INVALID_INPUT',
    ],
    ['a parameter twice', `documentId=${PRODUCT}&documentId=${PRODUCT}`, 400, 'INVALID_INPUT'],
    [
      'a card number',
      `documentId=${PRODUCT}&variables={"id":"4242424242424242"}`,
      400,
      'CARD_DATA_FORBIDDEN',
    ],
  ];
  for (const [name, query, status, code] of refused) {
    test(`${name} is refused: ${status} ${code}`, async () => {
      const answer = await fetch(`${gateway.url}/graphql?${query}`);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      await expectProblem(answer, status, code);
    });
  }
});

describe('equal concurrent queries', () => {
  const AT_ONCE = 40;

  const callsOf = async (of: Ware, call: () => Promise<Response>): Promise<number> => {
    const before = search.calls();
    search.hold();
    const answers = Array.from({ length: AT_ONCE }, call);
    await eventually('all of them are under way', async () => {
      const metrics = await (await fetch(`${gateway.opsUrl}/metrics`)).text();
      const [, inside] = /calls_in_flight\{kind="read"[^}]*\} (\d+)/.exec(metrics) ?? [];
      return Number(inside) === AT_ONCE ? true : undefined;
    });
    search.release();
    const texts = await Promise.all(answers.map(async (one) => (await one).text()));
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain(of.productId);
    return search.calls() - before;
  };

  test('are one call to Search, and each gets the whole response', async () => {
    const own = await stockedWare(shop, 5);
    await searched(shop, own);
    expect(await callsOf(own, () => fetch(address({ id: own.productId })))).toBe(1);
  });

  test('are few calls by POST, which joins only calls begun within half a second', async () => {
    expect(await callsOf(ware, () => posting(PAGE, { id: ware.productId }))).toBeLessThan(
      AT_ONCE / 4,
    );
  });

  test('are a new call once the first has ended', async () => {
    const before = search.calls();
    await posting(PAGE, { id: ware.productId });
    await posting(PAGE, { id: ware.productId });
    expect(search.calls() - before).toBe(2);
  });

  test('continue when the first caller disconnects', async () => {
    const before = search.calls();
    search.hold();
    const control = new AbortController();
    const first = posting(PAGE, { id: ware.productId }, { signal: control.signal }).catch(
      () => 'gone',
    );
    await eventually('Search is called', async () => (search.calls() > before ? true : undefined));
    const second = posting(PAGE, { id: ware.productId });
    await Bun.sleep(50);
    control.abort();
    expect(await first).toBe('gone');
    search.release();
    expect((await second).status).toBe(200);
    expect(search.calls() - before).toBe(1);
  });

  test('fail together, and the next one is a new call', async () => {
    search.fail(true);
    const before = search.calls();
    search.hold();
    const answers = Array.from({ length: 5 }, () => posting(PAGE, { id: ware.productId }));
    await eventually('Search is called', async () => (search.calls() > before ? true : undefined));
    search.release();
    for (const answer of await Promise.all(answers)) expect(answer.status).toBe(503);
    search.fail(false);
    expect((await posting(PAGE, { id: ware.productId })).status).toBe(200);
    expect(search.calls() - before).toBe(2);
  });

  test(
    'do not share when variables, media type or text differ',
    async () => {
      const before = search.calls();
      search.hold();
      const version = 'query ($id: ID, $v: Int) { product(id: $id, waitForVersion: $v) { id } }';
      const accept = { ...JSON_TYPE, accept: 'application/graphql-response+json' };
      const answers = [
        posting(PAGE, { id: ware.productId }),
        posting(PAGE, { id: ware.productId }, { headers: accept }),
        posting(PAGE, { id: 'prd_other' }),
        posting(version, { id: ware.productId, v: 1 }),
        posting(version, { id: ware.productId, v: 2 }),
      ];
      await eventually('all are sent', async () =>
        search.calls() - before === answers.length ? true : undefined,
      );
      search.release();
      const types = (await Promise.all(answers)).map(({ headers }) => headers.get('content-type'));
      expect(types[1]).toBe('application/graphql-response+json');
      expect(types[0]).toBe('application/json');
    },
    LIMIT_MS,
  );

  test(
    'do not share when they read an account',
    async () => {
      const [one, other] = [await newMember(shop), await newMember(shop)];
      const query = '{ me { email } products(first: 1) { pageInfo { hasNextPage } } }';
      const before = search.calls();
      search.hold();
      const answers = [one, other].map(({ token }) =>
        posting(query, {}, { headers: { ...JSON_TYPE, ...bearer(token) } }),
      );
      await eventually('both reach Search', async () =>
        search.calls() - before === 2 ? true : undefined,
      );
      search.release();
      const seen = await Promise.all(answers.map(async (answer) => (await answer).json()));
      expect(seen).toMatchObject([
        { data: { me: { email: one.email } } },
        { data: { me: { email: other.email } } },
      ]);
    },
    LIMIT_MS,
  );
});

describe('a response', () => {
  test('with personal data is not cacheable', async () => {
    const { token } = await newMember(shop);
    const { body } = await placeOrder(shop, { sku: ware.sku });
    const order = { token: body.accessToken };
    const answers = await Promise.all([
      call(shop, 'GET', '/me', { token }),
      call(shop, 'GET', '/cart', { token }),
      call(shop, 'GET', '/orders', { token }),
      call(shop, 'GET', `/orders/${body.id}`, order),
      call(shop, 'GET', `/orders/${body.id}/events`, order),
      asStore(shop, 'GET', '/products'),
      asStore(shop, 'GET', `/product/${ware.productId}`),
      asStore(shop, 'GET', `/product/${ware.productId}/stock`),
      call(shop, 'GET', '/me'),
      call(shop, 'GET', '/nothing'),
    ]);
    for (const { headers } of answers) expect(headers.get('cache-control')).toContain('no-store');
  });

  test('with a description is cacheable for a minute, one with keys for seconds', async () => {
    for (const path of ['/openapi.json', '/docs', '/.well-known/jwks.json']) {
      const first = await fetch(`${gateway.url}${path}`);
      expect([path, first.headers.get('cache-control')]).toEqual([
        path,
        expect.stringMatching(/^public, max-age=\d+$/),
      ]);
      const etag = first.headers.get('etag') ?? '';
      const again = await fetch(`${gateway.url}${path}`, { headers: { 'if-none-match': etag } });
      expect([path, again.status, await again.text()]).toEqual([path, 304, '']);
    }
  });
});
