// Tests the table of what works while a dependency is down, cell by cell, on the public API.
import { afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { withDeadline } from '../../concurrency/deadline.ts';
import {
  ADDRESS,
  asShopper,
  asStore,
  eventually,
  graphql,
  JSON_TYPE,
  newEmail,
  placeOrder,
  request,
  searched,
  stockedWare,
  type OrderAnswer,
  type Ware,
} from '../support/journeys.ts';
import { control, reached } from '../support/judges.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const ROW_LIMIT_MS = 240_000;
/** Longer than all timeouts of a call together, however busy the machine is. */
const CELL_LIMIT_MS = 25_000;

let shop: BreakableShop;
let ware: Ware;
let bought: OrderAnswer;
beforeAll(async () => {
  shop = await breakableShop();
  ware = await stockedWare(shop, 100);
  await searched(shop, ware);
  bought = (await placeOrder(shop, { sku: ware.sku })).body;
  await reached(shop, bought.id, 'delivered');
}, UP_LIMIT_MS);

type Frozen = Parameters<BreakableShop['freeze']>[0];

interface Cells {
  browse: (found: Awaited<ReturnType<typeof browse>>) => void;
  /** The accepted responses of a checkout. */
  checkout: number[];
  status: (order: OrderAnswer & { asOf?: string }) => void;
  write: number;
}

const LISTED =
  'query ($text: String) { products(text: $text) { edges { node { id variants { stock { available } } } } } }';
const ONE = 'query ($id: ID) { product(id: $id) { id variants { stock { available } } } }';

/** Both reads: the list that only Search has, and one product. */
const browse = async () => {
  const [listed, one] = [
    await graphql(shop, LISTED, { text: ware.word }),
    await graphql(shop, ONE, { id: ware.productId }),
  ];
  return { listed, one };
};

const bothShown = ({ listed, one }: Awaited<ReturnType<typeof browse>>): void => {
  expect([listed.status, one.status]).toEqual([200, 200]);
  expect(listed.body.data).toMatchObject({
    products: { edges: [{ node: { id: ware.productId } }] },
  });
  expect(one.body.data).toMatchObject({ product: { id: ware.productId } });
};

const asEver = (order: OrderAnswer): void => expect(order.status).toBe('delivered');

const YES = { browse: bothShown, status: asEver, write: 200 };
/** On a busy machine a checkout may not be decided in three seconds: the order exists. */
const TAKEN = [201, 202];

const ROWS: Record<string, Cells & { frozen: Frozen[] }> = {
  Temporal: { frozen: ['temporal'], ...YES, checkout: [202] },
  Redis: { frozen: ['redis', 'redis-limits', 'redis-carts'], ...YES, checkout: [...TAKEN, 503] },
  Kafka: { frozen: ['kafka'], ...YES, checkout: TAKEN },
  Postgres: {
    frozen: ['postgres'],
    browse: bothShown,
    checkout: [503],
    status: (order) => {
      asEver(order);
      expect(Date.parse(order.asOf ?? '')).toBeGreaterThan(0);
    },
    write: 503,
  },
  Cassandra: {
    frozen: ['cassandra'],
    ...YES,
    browse: ({ listed, one }) => {
      expect([listed.status, one.status]).toEqual([503, 200]);
      expect(one.body.data).toMatchObject({ product: { id: ware.productId } });
    },
    checkout: TAKEN,
  },
  'mail and the carrier': {
    frozen: ['sandbox-mail', 'sandbox-carrier'],
    ...YES,
    checkout: TAKEN,
  },
};

const checkout = async (email: string) => {
  const answer = await request<OrderAnswer>(`${shop.env['GATEWAY_URL']}/orders`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({
      lines: [{ sku: ware.sku, quantity: 1 }],
      email,
      shippingAddress: ADDRESS,
      paymentMethod: 'pm_card_visa',
    }),
  });
  return { ...answer, retryAfter: answer.headers.get('retry-after') };
};

const inTime = <T>(what: string, work: () => Promise<T>): Promise<T> =>
  withDeadline(work, CELL_LIMIT_MS, () => new Error(`no response in time for ${what}`));

/** Sends the four requests of a row; returns the order that was accepted, if any. */
const judged = async (cells: Cells, email: string): Promise<string | undefined> => {
  cells.browse(await inTime('the catalogue', browse));
  const { status, body, retryAfter } = await inTime('a checkout', () => checkout(email));
  expect(cells.checkout).toContain(status);
  if (status === 503) expect(Number(retryAfter)).toBeGreaterThan(0);
  const seen = await inTime('an order', () => asShopper(shop, bought, 'GET'));
  expect(seen.status).toBe(200);
  cells.status(seen.body);
  const change = { description: `as of ${Date.now()}` };
  const written = await inTime('a write', () =>
    asStore(shop, 'PUT', `/product/${ware.productId}`, change),
  );
  expect(written.status).toBe(cells.write);
  return status === 503 ? undefined : body.id;
};

const down = async <T>(frozen: Frozen[], work: () => Promise<T>): Promise<T> => {
  for (const name of frozen) shop.freeze(name, 'SIGSTOP');
  try {
    return await work();
  } finally {
    for (const name of frozen) shop.freeze(name, 'SIGCONT');
  }
};

describe('each call works as promised while a dependency is down:', () => {
  afterEach(() => shop.allReady(), ROW_LIMIT_MS);

  for (const [name, { frozen, ...cells }] of Object.entries(ROWS)) {
    test(
      name,
      async () => {
        const email = newEmail();
        const orderId = await down(frozen, () => judged(cells, email));
        // An accepted order continues when it is back; a refused one has left nothing.
        if (orderId) await reached(shop, orderId, 'delivered');
        else {
          const rows = await shop.sql`select 1 from orders.orders where email = ${email}`;
          expect(rows).toHaveLength(0);
        }
      },
      ROW_LIMIT_MS,
    );
  }

  test(
    'the card provider',
    async () => {
      const away = { method: '*', path: '/v1/*', action: 'drop_before', times: 10_000 };
      await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', away);
      let orderId: string | undefined;
      try {
        orderId = await judged({ ...YES, checkout: [202] }, newEmail());
      } finally {
        await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', 'faults');
      }
      await eventually('the order continues or has ended', async () => {
        const [row] = await shop.sql`select status from orders.orders where id = ${orderId ?? ''}`;
        return ['delivered', 'expired'].includes(row?.['status']) ? true : undefined;
      });
    },
    ROW_LIMIT_MS,
  );
});
