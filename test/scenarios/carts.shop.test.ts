// Tests carts on the public API: changed, read with present prices, merged at sign-in, bought once.
import { beforeAll, describe, expect, test } from 'bun:test';
import { Redis } from 'ioredis';
import type { CartResponse } from '../../apis/gateway/carts/shapes.ts';
import { newCartId } from '../../domain/ids.ts';
import { call, newMember, PASSWORD } from '../support/accounts.ts';
import { withGateway } from '../support/gateways.ts';
import {
  ADDRESS,
  asStore,
  eventually,
  newEmail,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { authenticate, balance, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 90_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

interface CartBody extends CartResponse {
  code: string;
  order: { id: string; status: string };
}
interface Requested {
  body?: unknown;
  token?: string;
  key?: string;
}

const request = <T = CartBody>(method: string, path: string, { key, ...options }: Requested = {}) =>
  call<T>(shop, method, path, { ...options, headers: key ? { 'idempotency-key': key } : {} });

const newCart = async (...lines: { sku: string; quantity: number }[]): Promise<string> => {
  const { status, body } = await request('POST', '/carts', { body: { lines } });
  expect(status).toBe(201);
  return body.id ?? '';
};

const cartAt = async (path: string, options: Requested = {}): Promise<CartBody> => {
  const { status, body } = await request('GET', path, options);
  expect(status).toBe(200);
  return body;
};

const piecesOf = ({ lines }: CartResponse) =>
  Object.fromEntries(lines.map(({ sku, quantity }) => [sku, quantity]));

const paying = (card = 'pm_card_visa', email = newEmail()) => ({
  email,
  shippingAddress: ADDRESS,
  paymentMethod: card,
});

const checkout = (path: string, body: object, key: string = crypto.randomUUID(), token?: string) =>
  request<OrderAnswer & { holdUntil?: string }>('POST', `${path}/checkout`, {
    body,
    key,
    ...(token !== undefined && { token }),
  });

/** Sends the same call again while it is not decided yet, as a browser does. */
const decided = (path: string, body: object, key: string, token?: string) =>
  eventually('the checkout is decided', async () => {
    const answer = await checkout(path, body, key, token);
    return answer.status === 202 ? undefined : answer;
  });

const ordersOf = async (email: string): Promise<number> => {
  const [row] = await shop.sql`select count(*)::int as n from orders.orders where email = ${email}`;
  return Number(row?.['n']);
};

describe('a cart', () => {
  test(
    'has lines added, increased, set and removed',
    async () => {
      const [one, other] = [await stockedWare(shop, 9), await stockedWare(shop, 9, 5)];
      const path = `/carts/${await newCart({ sku: one.sku, quantity: 1 })}`;
      await request('POST', `${path}/lines`, { body: { sku: one.sku, quantity: 2 } });
      await request('POST', `${path}/lines`, { body: { sku: other.sku, quantity: 1 } });
      const line = `${path}/lines/${encodeURIComponent(other.sku)}`;
      const { status, body } = await request('PUT', line, { body: { quantity: 4 } });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        id: path.split('/')[2] ?? '',
        lines: [
          { sku: one.sku, quantity: 3, unitPrice: 29.99, available: 9, findings: [] },
          { sku: other.sku, quantity: 4, unitPrice: 5, available: 9, findings: [] },
        ],
        total: 109.97,
        currency: 'USD',
      });
      await request('DELETE', `${path}/lines/${encodeURIComponent(one.sku)}`);
      await request('DELETE', `${path}/lines/${encodeURIComponent(one.sku)}`);
      expect(piecesOf(await cartAt(path))).toEqual({ [other.sku]: 4 });
    },
    LIMIT_MS,
  );

  test(
    'keeps all concurrent additions, and adds once what has one key',
    async () => {
      const wares = await Promise.all([stockedWare(shop, 9), stockedWare(shop, 9)]);
      const path = `/carts/${await newCart()}`;
      const key = crypto.randomUUID();
      const adding = Array.from({ length: 30 }, (_, at) =>
        request('POST', `${path}/lines`, { body: { sku: wares[at % 2]?.sku, quantity: 1 } }),
      );
      const same = Array.from({ length: 10 }, () =>
        request('POST', `${path}/lines`, { body: { sku: wares[0].sku, quantity: 5 }, key }),
      );
      const answers = await Promise.all([...adding, ...same]);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const pieces = { [wares[0].sku]: 20, [wares[1].sku]: 15 };
      expect(piecesOf(await cartAt(path))).toEqual(pieces);
      const body = { sku: wares[0].sku, quantity: 6 };
      const reused = await request('POST', `${path}/lines`, { body, key });
      expect([reused.status, reused.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    },
    LIMIT_MS,
  );

  test(
    'shows for each line what has changed since, and changes nothing itself',
    async () => {
      const ware = () => stockedWare(shop, 5);
      const wares = await Promise.all([ware(), ware(), ware(), ware(), ware()]);
      const [dearer, soldOut, fewer, withdrawn] = wares;
      const lines = wares.map(({ sku }) => ({ sku, quantity: 3 }));
      const path = `/carts/${await newCart(...lines)}`;
      await asStore(shop, 'PUT', `/product/${dearer.productId}`, { price: 31 });
      await asStore(shop, 'PUT', `/product/${soldOut.productId}/stock`, { quantity: 0 });
      await asStore(shop, 'PUT', `/product/${fewer.productId}/stock`, { quantity: 2 });
      await asStore(shop, 'PUT', `/product/${withdrawn.productId}`, { status: 'draft' });
      const cart = await cartAt(path);
      expect(cart.lines).toMatchObject([
        { findings: ['PRICE_CHANGED'], unitPrice: 31, shownPrice: 29.99, quantity: 3 },
        { findings: ['OUT_OF_STOCK'], available: 0, quantity: 3 },
        { findings: ['FEWER_LEFT'], available: 2, quantity: 3 },
        { findings: ['NOT_FOR_SALE'], available: null, quantity: 3 },
        { findings: [], unitPrice: 29.99, available: 5, quantity: 3 },
      ]);
      const line = `${path}/lines/${dearer.sku}`;
      const { body } = await request('PUT', line, { body: { quantity: 3 } });
      expect(body.lines[0]).toMatchObject({ findings: [], unitPrice: 31 });
      await asStore(shop, 'DELETE', `/product/${withdrawn.productId}`);
      expect((await cartAt(path)).lines[3]).toMatchObject({ findings: ['NOT_FOR_SALE'] });
    },
    LIMIT_MS,
  );

  test(
    'refuses skus that are not for sale, and more than its limits',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const path = `/carts/${await newCart({ sku, quantity: 9_999 })}`;
      const unknown = await request('POST', `${path}/lines`, {
        body: { sku: 'nothing', quantity: 1 },
      });
      expect([unknown.status, unknown.body.code]).toEqual([400, 'INVALID_INPUT']);
      const most = await request('POST', `${path}/lines`, { body: { sku, quantity: 2 } });
      expect([most.status, most.body.code]).toEqual([409, 'CART_FULL']);
      expect(piecesOf(await cartAt(path))).toEqual({ [sku]: 9_999 });
    },
    LIMIT_MS,
  );

  test(
    'that is not read expires, and one that is read does not',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      await withGateway({ HOLDFAST_CART_LIFE_MS: '2000' }, async ({ url }) => {
        const make = () =>
          fetch(`${url}/carts`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ lines: [{ sku, quantity: 1 }] }),
          });
        const statusAt = async (location: string) => (await fetch(url + location)).status;
        const [kept, left] = [await make(), await make()].map(
          ({ headers }) => headers.get('location') ?? '',
        );
        const until = Date.now() + 3_000;
        while (Date.now() < until) {
          expect(await statusAt(kept ?? '')).toBe(200);
          await Bun.sleep(200);
        }
        expect(await statusAt(left ?? '')).toBe(404);
      });
    },
    LIMIT_MS,
  );

  test(
    'is a 503 while Redis is unavailable; an order placed without one is not',
    () =>
      withGateway({ HOLDFAST_CARTS_REDIS_URL: 'redis://127.0.0.1:1' }, async ({ url }) => {
        const answer = await fetch(`${url}/carts/${newCartId()}`);
        expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
        expect(await answer.json()).toMatchObject({ code: 'UNAVAILABLE' });
      }),
    LIMIT_MS,
  );

  test(
    'shows what it has while prices and stock are unavailable',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const id = await newCart({ sku, quantity: 1 });
      const away = {
        HOLDFAST_PRODUCTS_URL: 'http://127.0.0.1:1',
        HOLDFAST_INVENTORY_URL: 'http://127.0.0.1:1',
      };
      await withGateway(away, async ({ url }) => {
        const cart = (await (await fetch(`${url}/carts/${id}`)).json()) as CartResponse;
        const findings = ['PRICE_UNKNOWN', 'STOCK_UNKNOWN'];
        expect(cart).toMatchObject({ total: null, lines: [{ unitPrice: 29.99, findings }] });
      });
    },
    LIMIT_MS,
  );
});

describe('an account', () => {
  test(
    'has one cart at every sign-in, and takes over its guest lines once',
    async () => {
      const [one, other] = [await stockedWare(shop, 9), await stockedWare(shop, 9)];
      const { email, token } = await newMember(shop);
      await request('POST', '/cart/lines', { token, body: { sku: one.sku, quantity: 2 } });
      const cartId = await newCart({ sku: one.sku, quantity: 3 }, { sku: other.sku, quantity: 1 });
      const body = { email, password: PASSWORD, cartId };
      const again = await request<{ token: string; cartMerged: boolean }>(
        'POST',
        '/auth/sign-in/email',
        { body },
      );
      expect(again.body.cartMerged).toBe(true);
      const pieces = { [one.sku]: 5, [other.sku]: 1 };
      expect(piecesOf(await cartAt('/cart', { token: again.body.token }))).toEqual(pieces);
      expect(piecesOf(await cartAt('/cart', { token }))).toEqual(pieces);
      expect((await request('GET', `/carts/${cartId}`)).status).toBe(404);
      const twice = await request('POST', '/cart/merge', { token, body: { cartId } });
      expect([twice.status, piecesOf(twice.body)]).toEqual([200, pieces]);
    },
    LIMIT_MS,
  );

  test(
    'takes a cart over once, after any number of concurrent sign-ins and after any crash',
    async () => {
      const { sku } = await stockedWare(shop, 9);
      const { token, accountId } = await newMember(shop);
      const cartId = await newCart({ sku, quantity: 2 });
      const merge = () => request('POST', '/cart/merge', { token, body: { cartId } });
      const all = await Promise.all(Array.from({ length: 8 }, merge));
      expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
      expect(piecesOf(await cartAt('/cart', { token }))).toEqual({ [sku]: 2 });
      expect((await newMember(shop)).accountId).not.toBe(accountId);
    },
    LIMIT_MS,
  );

  test(
    'sums up to the limit of a line, and reports the excess',
    async () => {
      const { sku } = await stockedWare(shop, 9);
      const { token } = await newMember(shop);
      await request('POST', '/cart/lines', { token, body: { sku, quantity: 9_000 } });
      const cartId = await newCart({ sku, quantity: 2_000 });
      const { body } = await request('POST', '/cart/merge', { token, body: { cartId } });
      expect([piecesOf(body), body.notTaken]).toEqual([
        { [sku]: 10_000 },
        [{ sku, quantity: 1_000 }],
      ]);
    },
    LIMIT_MS,
  );

  test('sees no other account’s cart, and has one only while signed in', async () => {
    const { sku } = await stockedWare(shop, 1);
    const [mine, theirs] = [await newMember(shop), await newMember(shop)];
    await request('POST', '/cart/lines', { token: theirs.token, body: { sku, quantity: 1 } });
    expect((await cartAt('/cart', { token: mine.token })).lines).toEqual([]);
    expect((await request('GET', `/carts/${theirs.accountId}`)).status).toBe(404);
    expect((await request('GET', '/cart')).status).toBe(401);
    expect((await request('GET', `/carts/${newCartId()}`)).status).toBe(404);
  });
});

describe('a checkout from a cart', () => {
  test(
    'is one order a key, and exactly the ordered lines leave the cart',
    async () => {
      const [one, other] = [await stockedWare(shop, 9), await stockedWare(shop, 9)];
      const path = `/carts/${await newCart({ sku: one.sku, quantity: 2 })}`;
      const [body, key] = [paying(), crypto.randomUUID()];
      const first = checkout(path, body, key);
      const rest = Array.from({ length: 5 }, () => checkout(path, body, key));
      const answers = await Promise.all([first, ...rest]);
      expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
      const order = (await decided(path, body, key)).body;
      expect(order).toMatchObject({ total: 59.98, lines: [{ sku: one.sku, quantity: 2 }] });
      await request('POST', `${path}/lines`, { body: { sku: other.sku, quantity: 1 } });
      expect(await cartAt(path)).toMatchObject({ bought: { orderId: order.id } });
      expect(piecesOf(await cartAt(path))).toEqual({ [other.sku]: 1 });
      expect((await checkout(path, body, key)).body.id).toBe(order.id);
      expect(piecesOf(await cartAt(path))).toEqual({ [other.sku]: 1 });
      expect(await ordersOf(body.email)).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    'with two keys is one order, at once or one after the other',
    async () => {
      const { sku } = await stockedWare(shop, 9);
      const path = `/carts/${await newCart({ sku, quantity: 1 })}`;
      const body = paying();
      const keys = Array.from({ length: 6 }, () => crypto.randomUUID());
      const answers = await Promise.all(keys.map((key) => checkout(path, body, key)));
      const refusals = answers.flatMap((answer) => answer.body.code ?? []);
      expect(refusals).toHaveLength(5);
      for (const code of refusals) expect(['CART_IN_CHECKOUT', 'CART_EMPTY']).toContain(code);
      const winner = keys[answers.findIndex((answer) => answer.body.code === undefined)];
      const order = (await decided(path, body, winner ?? '')).body;
      const late = await checkout(path, body);
      expect([late.status, late.body.code, late.body.order]).toEqual([
        409,
        'CART_EMPTY',
        { id: order.id } as never,
      ]);
      expect(await ordersOf(body.email)).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    "holds no stock of its own: while the order waits, the cart shows the end of the order's hold",
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const path = `/carts/${await newCart({ sku, quantity: 2 })}`;
      expect((await balance(shop, sku))?.reserved).toBe(0);
      const [body, key] = [paying('pm_card_authenticationRequired'), crypto.randomUUID()];
      await checkout(path, body, key);
      const waiting = await eventually('the cart shows the end of the hold', async () => {
        const cart = await cartAt(path);
        return cart.checkout?.holdUntil ? cart : undefined;
      });
      const { order, holdUntil = '' } = waiting.checkout ?? {};
      expect(order?.status).toBe('awaiting_payment');
      expect(Date.parse(holdUntil)).toBeGreaterThan(Date.now());
      expect((await balance(shop, sku))?.reserved).toBe(2);
      const [held] = await shop.sql`select expires_at from inventory.reservations
        where id = ${`rsv_${order?.id.slice(4)}`}`;
      expect(Date.parse(String(held?.['expires_at']))).toBeGreaterThanOrEqual(
        Date.parse(holdUntil),
      );
      const other = await checkout(path, body);
      expect([other.status, other.body.code]).toEqual([409, 'CART_IN_CHECKOUT']);
      expect(other.body).toMatchObject({ order: { id: order?.id }, holdUntil });
      await authenticate(shop, order?.id ?? '');
      await reached(shop, order?.id ?? '', 'delivered');
      expect(await cartAt(path)).toMatchObject({ lines: [], bought: { orderId: order?.id } });
    },
    LIMIT_MS,
  );

  test(
    'that is declined leaves the cart as it is, to be bought with another card',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const path = `/carts/${await newCart({ sku, quantity: 1 })}`;
      const email = newEmail();
      const bad = paying('pm_card_visa_chargeDeclined', email);
      const declined = await decided(path, bad, crypto.randomUUID());
      expect([declined.status, declined.body.code]).toEqual([402, 'CARD_DECLINED']);
      expect(piecesOf(await cartAt(path))).toEqual({ [sku]: 1 });
      const paid = await decided(path, paying('pm_card_visa', email), crypto.randomUUID());
      expect(paid.status).toBe(201);
      expect((await cartAt(path)).lines).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'agrees to the shown prices, unless the shopper sends a total',
    async () => {
      const ware = await stockedWare(shop, 5);
      const path = `/carts/${await newCart({ sku: ware.sku, quantity: 2 })}`;
      await asStore(shop, 'PUT', `/product/${ware.productId}`, { price: 31 });
      const body = paying();
      const refused = await checkout(path, body);
      expect(refused.body).toMatchObject({ code: 'PRICE_CHANGED', total: 62 });
      const paid = await decided(path, { ...body, expectedTotal: 62 }, crypto.randomUUID());
      expect([paid.status, paid.body.total]).toEqual([201, 62]);
    },
    LIMIT_MS,
  );

  test(
    'whose response and record were lost is found again, and not repeated',
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const id = await newCart({ sku, quantity: 1 });
      const [body, key] = [paying(), crypto.randomUUID()];
      const redis = new Redis(shop.env['CARTS_REDIS_URL'] ?? '');
      const hash = new Bun.CryptoHasher('sha256').update(`sto_default/${id}`).digest('base64url');
      const kept = await redis.hgetall(`cart:{${hash}}`);
      const order = (await decided(`/carts/${id}`, body, key)).body;
      // As if the gateway had died between the record of the checkout and its response.
      const cart = JSON.parse(kept['cart'] ?? '{}') as { lines: unknown[] };
      const [row] = await shop.sql`select principal from orders.orders where id = ${order.id}`;
      const { lines } = cart;
      const known = { key, principal: row?.['principal'], beganAtMs: Date.now(), lines };
      const text = JSON.stringify({ ...cart, checkout: known });
      await redis.hset(`cart:{${hash}}`, { mark: 'as it was', cart: text });
      redis.disconnect();
      const other = await checkout(`/carts/${id}`, body);
      expect(other.body).toMatchObject({ code: 'CART_EMPTY', order: { id: order.id } });
      expect(await ordersOf(body.email)).toBe(1);
    },
    LIMIT_MS,
  );

  test(
    'without an order is given up after a minute, and no sooner',
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const id = await newCart({ sku, quantity: 1 });
      const redis = new Redis(shop.env['CARTS_REDIS_URL'] ?? '');
      const hash = new Bun.CryptoHasher('sha256').update(`sto_default/${id}`).digest('base64url');
      const begun = async (agoMs: number): Promise<void> => {
        const cart = JSON.parse(
          (await redis.hget(`cart:{${hash}}`, 'cart')) ?? '{}',
        ) as CartResponse;
        const { lines } = cart;
        const sent = { key: crypto.randomUUID(), principal: 'guest/unknown', lines };
        const checkoutOf = { ...sent, beganAtMs: Date.now() - agoMs };
        await redis.hset(
          `cart:{${hash}}`,
          'cart',
          JSON.stringify({ ...cart, checkout: checkoutOf }),
        );
      };
      await begun(50_000);
      const early = await checkout(`/carts/${id}`, paying());
      expect([early.status, early.body.code]).toEqual([409, 'CART_IN_CHECKOUT']);
      await begun(61_000);
      const paid = await decided(`/carts/${id}`, paying(), crypto.randomUUID());
      expect(paid.status).toBe(201);
      redis.disconnect();
    },
    LIMIT_MS,
  );

  test(
    'of an account is the account’s order',
    async () => {
      const { sku } = await stockedWare(shop, 5);
      const { token } = await newMember(shop);
      await request('POST', '/cart/lines', { token, body: { sku, quantity: 1 } });
      const { email: _, ...body } = paying();
      const paid = await decided('/cart', body, crypto.randomUUID(), token);
      const mine = await request<{ items: { id: string }[] }>('GET', '/orders', { token });
      expect(mine.body.items.map(({ id }) => id)).toEqual([paid.body.id]);
      expect((await cartAt('/cart', { token })).lines).toEqual([]);
    },
    LIMIT_MS,
  );

  test('of an empty cart, or without a key, is refused', async () => {
    const path = `/carts/${await newCart()}`;
    const empty = await checkout(path, paying());
    expect([empty.status, empty.body.code]).toEqual([409, 'CART_EMPTY']);
    const keyless = await request('POST', `${path}/checkout`, { body: paying() });
    expect([keyless.status, keyless.body.code]).toEqual([400, 'IDEMPOTENCY_KEY_MISSING']);
  });
});

describe('over GraphQL a cart', () => {
  interface Answer {
    data?: Record<string, CartBody | null>;
    errors?: { extensions: { code: string } }[];
  }
  const graphql = (query: string, variables: object = {}, token?: string) =>
    request<Answer>('POST', '/graphql', {
      body: { query, variables },
      ...(token !== undefined && { token }),
    });

  test(
    'is made by its first line, changed, and bought, with the codes of the HTTP API',
    async () => {
      const { sku } = await stockedWare(shop, 9);
      const made = await graphql(
        `
          mutation ($sku: String!) {
            addToCart(sku: $sku) {
              id
              lines {
                sku
                quantity
              }
            }
          }
        `,
        { sku },
      );
      const id = made.body.data?.['addToCart']?.id;
      const set = await graphql(
        `
          mutation ($id: ID!, $sku: String!) {
            setCartLine(cartId: $id, sku: $sku, quantity: 2) {
              total
              lines {
                quantity
                unitPrice
                available
                findings
              }
            }
          }
        `,
        { id, sku },
      );
      const lines = [{ quantity: 2, unitPrice: 29.99, available: 9, findings: [] }];
      expect(set.body).toEqual({ data: { setCartLine: { total: 59.98, lines } } } as never);
      const buy = `mutation ($id: ID!, $input: CheckoutInput!, $key: String) {
        checkoutCart(cartId: $id, input: $input, idempotencyKey: $key) { id total } }`;
      const input = paying();
      const bought = await graphql(buy, { id, input, key: crypto.randomUUID() });
      expect(bought.body.data?.['checkoutCart']).toMatchObject({ total: 59.98 });
      const order = bought.body.data?.['checkoutCart'];
      await reached(shop, order?.id ?? '', 'delivered');
      const left = await graphql(
        `
          query ($id: ID!) {
            cart(id: $id) {
              lines {
                sku
              }
              bought {
                orderId
              }
            }
          }
        `,
        { id },
      );
      expect(left.body.data?.['cart']).toEqual({
        lines: [],
        bought: { orderId: order?.id ?? '' },
      } as never);
      const empty = await graphql(buy, { id, input, key: crypto.randomUUID() });
      expect(empty.body.errors?.[0]?.extensions).toMatchObject({ code: 'CART_EMPTY' });
    },
    LIMIT_MS,
  );

  test(
    'without a name is the account’s own, a guest’s by its id, and no other’s',
    async () => {
      const { sku } = await stockedWare(shop, 9);
      const { token } = await newMember(shop);
      const cartId = await newCart({ sku, quantity: 2 });
      const merged = await graphql(
        `
          mutation ($cartId: ID!) {
            mergeCart(cartId: $cartId) {
              id
              lines {
                sku
                quantity
              }
            }
          }
        `,
        { cartId },
        token,
      );
      expect(merged.body.data?.['mergeCart']).toEqual({
        id: null,
        lines: [{ sku, quantity: 2 }],
      } as never);
      const own = await graphql('{ cart { lines { quantity } } }', {}, token);
      expect(own.body.data?.['cart']).toEqual({ lines: [{ quantity: 2 }] } as never);
      const anonymous = await graphql('{ cart { total } }');
      expect(anonymous.body.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
      const gone = await graphql(
        `
          query ($cartId: ID!) {
            cart(id: $cartId) {
              total
            }
          }
        `,
        { cartId },
      );
      expect(gone.body.errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    },
    LIMIT_MS,
  );
});
