// Tests who may read orders: an account its own, a guest by token, and an account its claimed ones.
import { beforeAll, describe, expect, test } from 'bun:test';
import {
  call,
  confirmAddress,
  confirmedMember,
  newMember,
  type Member,
} from '../support/accounts.ts';
import {
  ADDRESS,
  asShopper,
  newEmail,
  placeOrder,
  stockedWare,
  type OrderAnswer,
  type Ware,
} from '../support/journeys.ts';
import { reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
/** Orders of this card wait for their shoppers, so that only these tests move them. */
const WAITING = 'pm_card_authenticationRequired';

let shop: Shop;
let ware: Ware;
beforeAll(async () => {
  shop = await openShop();
  ware = await stockedWare(shop, 100);
}, UP_LIMIT_MS);

const buys = (
  member: Member,
  extra: Record<string, unknown> = {},
  key: string = crypto.randomUUID(),
) =>
  call<OrderAnswer>(shop, 'POST', '/orders', {
    token: member.token,
    headers: { 'idempotency-key': key },
    body: {
      lines: [{ sku: ware.sku, quantity: 1 }],
      shippingAddress: ADDRESS,
      paymentMethod: WAITING,
      ...extra,
    },
  });

const buysAsGuest = async (email: string): Promise<OrderAnswer> => {
  const { status, body } = await placeOrder(shop, {
    sku: ware.sku,
    email,
    paymentMethod: WAITING,
  });
  expect(status).toBe(202);
  return body;
};

interface Page {
  items: { id: string; accessToken?: string }[];
  nextCursor: string | null;
}
const page = (member: Member, query = '') =>
  call<Page>(shop, 'GET', `/orders${query}`, { token: member.token });
const ownIds = async (member: Member): Promise<string[]> =>
  (await page(member)).body.items.map(({ id }) => id);

const CALLS: [name: string, method: string, path: string, body?: unknown][] = [
  ['read', 'GET', ''],
  ['timeline', 'GET', '/events'],
  ['payment', 'POST', '/payment', {}],
  ['address', 'PUT', '/address', { shippingAddress: { ...ADDRESS, city: 'Elsewhere' } }],
  ['cancellation', 'POST', '/cancel', {}],
  ['return', 'POST', '/returns', { lines: [{ sku: 'X-1', quantity: 1 }] }],
  ['read a return', 'GET', '/returns/ret_0000000000000000000000000'],
];

describe('an order of an account', () => {
  test(
    'is placed without an e-mail, listed, read, followed and cancelled',
    async () => {
      const me = await newMember(shop);
      const { status, body } = await buys(me);
      expect(status).toBe(202);
      expect(await ownIds(me)).toEqual([body.id]);
      const [row] =
        await shop.sql`select principal, email from orders.orders where id = ${body.id}`;
      expect(row).toEqual({ principal: `account/${me.accountId}`, email: me.email });
      const at = (path: string) => `/orders/${body.id}${path}`;
      expect((await call(shop, 'GET', at(''), { token: me.token })).body).toMatchObject({
        id: body.id,
      });
      expect((await call(shop, 'GET', at('/events'), { token: me.token })).status).toBe(200);
      const cancelled = await call(shop, 'POST', at('/cancel'), { token: me.token, body: {} });
      // 202 where the workflow takes longer than the response waits.
      expect([200, 202]).toContain(cancelled.status);
      await reached(shop, body.id, 'cancelled');
    },
    LIMIT_MS,
  );

  test(
    'is not found by another account, a guest with its address, or a signed-out caller',
    async () => {
      const me = await confirmedMember(shop);
      const { body: mine } = await buys(me);
      const stranger = await confirmedMember(shop);
      const guest = await buysAsGuest(me.email);
      await call(shop, 'POST', '/auth/sign-out', { token: stranger.token, body: {} });
      const other = await confirmedMember(shop);
      for (const [name, method, path, body] of CALLS) {
        const sent = body === undefined ? {} : { body };
        const as = async (token: string) =>
          (await call(shop, method, `/orders/${mine.id}${path}`, { token, ...sent })).status;
        const answers = [
          await as(other.token),
          await as(guest.accessToken),
          await as(stranger.token),
        ];
        expect([name, ...answers]).toEqual([name, 404, 404, 401]);
      }
      expect(await ownIds(other)).toEqual([]);
      const [row] = await shop.sql`select status, sequence from orders.orders
        where id = ${mine.id}`;
      expect(row).toMatchObject({ status: 'awaiting_payment' });
    },
    LIMIT_MS,
  );

  test(
    'is one per key, whatever address it names; another account has its own keys',
    async () => {
      const me = await newMember(shop);
      const other = await newMember(shop);
      const key = crypto.randomUUID();
      const email = newEmail();
      const first = await buys(me, { email }, key);
      expect((await buys(me, { email }, key)).body.id).toBe(first.body.id);
      expect((await buys(me, { email: newEmail() }, key)).status).toBe(422);
      const theirs = await buys(other, { email }, key);
      expect(theirs.status).toBe(202);
      expect(theirs.body.id).not.toBe(first.body.id);
    },
    LIMIT_MS,
  );

  test('cannot be placed by a session that is over', async () => {
    const me = await newMember(shop);
    await call(shop, 'POST', '/auth/sign-out', { token: me.token, body: {} });
    expect((await buys(me)).status).toBe(401);
  });

  test('of a guest needs an address', async () => {
    const { status, body } = await call(shop, 'POST', '/orders', {
      headers: { 'idempotency-key': crypto.randomUUID() },
      body: {
        lines: [{ sku: ware.sku, quantity: 1 }],
        shippingAddress: ADDRESS,
        paymentMethod: WAITING,
      },
    });
    expect([status, body['code']]).toEqual([400, 'INVALID_INPUT']);
  });
});

describe('the list of orders', () => {
  test(
    'is paged, newest first, own and claimed ones together',
    async () => {
      const me = await confirmedMember(shop);
      const placed: string[] = [];
      for (const asGuest of [false, true, false, true, false]) {
        placed.push(asGuest ? (await buysAsGuest(me.email)).id : (await buys(me)).body.id);
      }
      const seen: string[] = [];
      let query = '?limit=2';
      for (let pages = 0; pages < 4; pages++) {
        const { body } = await page(me, query);
        expect(body.items.every((one) => one.accessToken === undefined)).toBe(true);
        seen.push(...body.items.map(({ id }) => id));
        if (!body.nextCursor) break;
        query = `?limit=2&cursor=${body.nextCursor}`;
      }
      expect(seen).toEqual(placed.toReversed());
      const other = await newMember(shop);
      expect((await page(other, query)).status).toBe(400);
    },
    LIMIT_MS,
  );

  test('needs a session', async () => {
    const guest = await buysAsGuest(newEmail());
    expect((await call(shop, 'GET', '/orders')).status).toBe(401);
    expect((await call(shop, 'GET', '/orders', { token: guest.accessToken })).status).toBe(401);
  });
});

describe("a guest's order", () => {
  test(
    'is claimed by the account that confirms its address, and never before',
    async () => {
      const email = newEmail();
      const guest = await buysAsGuest(email);
      const me = await newMember(shop, email);
      const read = () => call(shop, 'GET', `/orders/${guest.id}`, { token: me.token });
      expect([await ownIds(me), (await read()).status]).toEqual([[], 404]);
      await confirmAddress(shop, email);
      expect([await ownIds(me), (await read()).status]).toEqual([[guest.id], 200]);
      // The guest's own token stays valid.
      expect((await asShopper(shop, guest, 'GET')).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'with another address is not claimed',
    async () => {
      const guest = await buysAsGuest(newEmail());
      const me = await confirmedMember(shop);
      expect(await ownIds(me)).toEqual([]);
      const path = `/orders/${guest.id}/cancel`;
      expect((await call(shop, 'POST', path, { token: me.token, body: {} })).status).toBe(404);
    },
    LIMIT_MS,
  );
});
