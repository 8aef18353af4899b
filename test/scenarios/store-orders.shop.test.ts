// Tests that a store sees its orders, finds them by what its staff know, and sees no others.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  ADDRESS,
  asShopper,
  asStore,
  newEmail,
  placeOrder,
  stockedWare,
  type OrderAnswer,
  type Ware,
} from '../support/journeys.ts';
import { bearer, expectProblem, newKey, send } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

/** Orders of this card wait for their shoppers, so that only these tests move them. */
const WAITING = 'pm_card_authenticationRequired';
const DAY_MS = 24 * 3_600_000;

interface StoreOrder {
  id: string;
  status: string;
  email: string;
  note?: string;
  shippingAddress: { name: string };
  payment: { status: string; clientSecret?: string };
  lines: { sku: string; quantity: number }[];
  events: { type: string; sequence: number }[];
  returns: unknown[];
  accessToken?: string;
}

interface Page {
  items: StoreOrder[];
  nextCursor: string | null;
}

let shop: Shop;
let ware: Ware;
let email: string;
let surname: string;
/** Oldest first. */
let orders: OrderAnswer[];

beforeAll(async () => {
  shop = await openShop();
  ware = await stockedWare(shop, 100);
  email = newEmail();
  surname = `Ångström${crypto.randomUUID().replace(/[^a-f]/g, '')}`;
  orders = [];
  for (const name of [`José ${surname}`, `Zoë ${surname}-Smith`, 'Robin Other']) {
    const to = name === 'Robin Other' ? newEmail() : email;
    const placed = await placeOrder(shop, {
      sku: ware.sku,
      email: to,
      name,
      paymentMethod: WAITING,
    });
    orders.push(placed.body);
  }
}, UP_LIMIT_MS);

const list = async (query: Record<string, string>): Promise<Page> => {
  const path = `/store/orders?${new URLSearchParams(query).toString()}`;
  const { status, body } = await asStore<Page>(shop, 'GET', path, undefined);
  expect([status, status === 200 ? '' : body]).toEqual([200, '']);
  return body;
};
const idsOf = ({ items }: Page): string[] => items.map(({ id }) => id);
/** Their ids, newest first, as a list has them. */
const newest = (...places: number[]): (string | undefined)[] =>
  places.toReversed().map((at) => orders[at]?.id);

describe("a store's orders", () => {
  test('are found by sku, e-mail, name in any case and accents, and id', async () => {
    expect(idsOf(await list({ sku: ware.sku }))).toEqual(newest(0, 1, 2) as string[]);
    expect(idsOf(await list({ email: email.toUpperCase() }))).toEqual(newest(0, 1) as string[]);
    const plain = surname.normalize('NFKD').replace(/\p{M}+/gu, '');
    expect(idsOf(await list({ q: plain.toUpperCase() }))).toEqual(newest(0, 1) as string[]);
    expect(idsOf(await list({ q: `jose, ${plain}` }))).toEqual(newest(0) as string[]);
    expect(idsOf(await list({ q: `smith ${plain}` }))).toEqual(newest(1) as string[]);
    expect(idsOf(await list({ q: orders[2]?.id ?? '' }))).toEqual(newest(2) as string[]);
    expect(idsOf(await list({ q: '–' }))).toEqual([]);
  });

  test('are paged newest first, and a cursor is of its store alone', async () => {
    const first = await list({ sku: ware.sku, limit: '2' });
    expect(idsOf(first)).toEqual(newest(1, 2) as string[]);
    const cursor = first.nextCursor ?? '';
    const second = await list({ sku: ware.sku, limit: '2', cursor });
    expect([idsOf(second), second.nextCursor]).toEqual([newest(0) as string[], null]);
    const foreign = await newKey(shop, newId('store'), ['orders:read']);
    const path = `/store/orders?cursor=${cursor}`;
    const refused = await send(shop, { method: 'GET', path, headers: bearer(foreign) });
    await expectProblem(refused, 400, 'INVALID_INPUT');
  });

  test('of several filters need a date, and are found by it', async () => {
    const both = { sku: ware.sku, status: 'awaiting_payment' };
    const at = (agoMs: number): string => new Date(Date.now() - agoMs).toISOString();
    for (const extra of [{}, { createdAfter: at(91 * DAY_MS) }]) {
      const query = new URLSearchParams({ ...both, ...extra }).toString();
      const path = `/store/orders?${query}`;
      const headers = bearer(shop.env['STORE_KEY'] ?? '');
      const refused = await send(shop, { method: 'GET', path, headers });
      await expectProblem(refused, 400, 'INVALID_INPUT');
    }
    const createdAfter = at(DAY_MS);
    expect(idsOf(await list({ ...both, createdAfter }))).toEqual(newest(0, 1, 2) as string[]);
    const none = { sku: ware.sku, paymentStatus: 'captured', createdAfter };
    expect(idsOf(await list(none))).toEqual([]);
    expect(idsOf(await list({ sku: ware.sku, createdBefore: createdAfter }))).toEqual([]);
    const waiting = await list({ status: 'awaiting_payment', limit: '100' });
    expect(new Set(waiting.items.map(({ status }) => status))).toEqual(
      new Set(['awaiting_payment']),
    );
    const paid = await list({ paymentStatus: 'none', limit: '1' });
    expect(paid.items[0]?.payment.status).toBe('none');
    const stuck = await list({ attention: 'true', limit: '1' });
    for (const one of stuck.items) expect(one).toHaveProperty('attention');
  });

  test('have what is needed to pack and to answer, and nothing that is the shopper’s', async () => {
    const { status, body } = await asStore<StoreOrder>(
      shop,
      'GET',
      `/store/orders/${orders[0]?.id}`,
      undefined,
    );
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: orders[0]?.id,
      email,
      shippingAddress: { ...ADDRESS, name: `José ${surname}` },
      lines: [{ sku: ware.sku, quantity: 1 }],
      returns: [],
    });
    expect(body.events.map(({ sequence }) => sequence)).toEqual(
      body.events.map((_, index) => index + 1),
    );
    expect(body.events[0]?.type).toBe('OrderAccepted');
    expect(orders[0]?.payment.clientSecret).toBeString();
    for (const secret of ['accessToken', 'nextAction']) expect(body).not.toHaveProperty(secret);
    expect(body.payment).not.toHaveProperty('clientSecret');
  });

  test('are not found by another store', async () => {
    const key = await newKey(shop, newId('store'), ['orders:read']);
    for (const query of [`sku=${ware.sku}`, `q=${orders[0]?.id}`, `email=${email}`]) {
      const path = `/store/orders?${query}`;
      const answer = await send(shop, { method: 'GET', path, headers: bearer(key) });
      expect([answer.status, await answer.json()]).toEqual([200, { items: [], nextCursor: null }]);
    }
    const path = `/store/orders/${orders[0]?.id}`;
    const answer = await send(shop, { method: 'GET', path, headers: bearer(key) });
    await expectProblem(answer, 404, 'NOT_FOUND');
  });

  test('are found by the name that they are sent to now', async () => {
    const order = orders[2];
    if (!order) throw new Error('no third order');
    const name = `Moved ${surname}`;
    const changed = await asShopper(shop, order, 'PUT', '/address', {
      shippingAddress: { ...ADDRESS, name },
    });
    expect(changed.status).toBe(200);
    const key = { q: `moved ${surname}` };
    expect(idsOf(await list(key))).toEqual(newest(2) as string[]);
    expect(idsOf(await list({ q: `other ${ware.word}` }))).toEqual([]);
  });

  test.each([
    'status=lost_again',
    'paymentStatus=paid',
    'attention=false',
    'email=nobody',
    'sku=%20',
    'q=',
    'createdAfter=yesterday',
    'limit=101',
    'cursor=forged',
    'nothing=1',
  ])('are refused for %p', async (query) => {
    const path = `/store/orders?${query}`;
    const headers = bearer(shop.env['STORE_KEY'] ?? '');
    await expectProblem(await send(shop, { method: 'GET', path, headers }), 400, 'INVALID_INPUT');
  });
});
