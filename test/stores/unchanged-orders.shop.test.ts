// Tests the paging of orders without recent changes: each comes once, and none is skipped.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import type { Position } from '../../db/postgres/orders/positions.ts';
import { listUnchanged } from '../../db/postgres/orders/recovery.ts';
import { newId } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

/** Long before the shop's first order, so that no other order is among them. */
const BEFORE: Position = { atUs: Date.UTC(2001, 0, 1) * 1_000, id: '' };
const AFTER_US = Date.UTC(2001, 0, 2) * 1_000;

let shop: Shop;
let pg: Pg;
const made: string[] = [];
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'fatal');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
}, UP_LIMIT_MS);
afterAll(async () => {
  await shop.sql`delete from orders.orders where id in ${shop.sql(made)}`;
  await pg.close();
});

const ended = async (updatedAt: string, status = 'delivered'): Promise<string> => {
  const id = newId('order');
  made.push(id);
  await shop.sql`insert into orders.orders
    (id, store_id, status, payment_status, total_minor, currency, email, shipping_address, lines,
     payment_method, sequence, updated_at)
    values (${id}, 'sto_default', ${status}, 'captured', 100, 'USD', 'a@shopper.example', '{}', '[]',
     'pm_card_visa', 1, ${updatedAt})`;
  return id;
};

describe('unchanged orders', () => {
  test('come page by page, those of one timestamp by their ids', async () => {
    const moment = '2001-01-01 10:00:00.123457+00';
    const expected = [await ended('2001-01-01 09:00+00')];
    const equal: string[] = [];
    for (let count = 0; count < 5; count++) equal.push(await ended(moment));
    expected.push(...equal.sort(), await ended('2001-01-01 10:00:00.123458+00'));
    await ended(moment, 'cancelled');
    const seen: string[] = [];
    let after = BEFORE;
    for (let isMore = true; isMore;) {
      const page = await listUnchanged(pg, ['delivered'], 0, after, 2);
      const own = page.orders.filter(({ updatedAt }) => updatedAt.getTime() * 1_000 < AFTER_US);
      seen.push(...own.map(({ id }) => id));
      after = page.end;
      isMore = own.length === 2;
    }
    expect(seen).toEqual(expected);
  });

  test('start again from the first after the last one', async () => {
    const nothing = await listUnchanged(pg, ['delivered'], 100 * 365 * 86_400_000, BEFORE, 2);
    expect(nothing).toEqual({ orders: [], end: { atUs: 0, id: '' } });
  });
});
