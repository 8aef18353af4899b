// Tests that a transaction with a lost connection does nothing more and affects no other.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'drizzle-orm';
import { connectPostgres, type Pg, type Tx } from '../../db/postgres/client.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { eventually } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
let pg: Pg;
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'fatal');
  // One connection for transactions, so that the next transaction reuses it.
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 1 });
  await shop.sql`create table if not exists public.lost_transactions (who text)`;
}, UP_LIMIT_MS);
afterAll(async () => {
  await shop.sql`drop table if exists public.lost_transactions`;
  await pg.close();
});

const put = (tx: Tx, who: string) =>
  tx.execute(sql`insert into public.lost_transactions (who) values (${who})`);
const written = async (): Promise<unknown[]> => {
  const rows = await shop.sql`select who from public.lost_transactions order by who`;
  return rows.map(({ who }) => who as unknown);
};

/** Ends the server's side of a transaction, as a restart does, and waits until it is gone. */
const cutOff = async (tx: Tx): Promise<void> => {
  const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  const pid = row?.pid ?? 0;
  await shop.sql`select pg_terminate_backend(${pid})`;
  await eventually('it is gone', async () => {
    const left = await shop.sql`select 1 from pg_stat_activity where pid = ${pid}`;
    return left.length === 0 ? true : undefined;
  });
};

const UNAVAILABLE = { code: 'UNAVAILABLE' };

describe('a transaction whose connection is lost', () => {
  test('fails while it waits for something else, and does nothing when it continues', async () => {
    const wentOn = Promise.withResolvers<unknown>();
    const lost = pg.transaction('test.lost', async (tx) => {
      await put(tx, 'lost, before');
      await cutOff(tx);
      await Bun.sleep(50);
      await put(tx, 'lost, after').then(wentOn.resolve, wentOn.resolve);
    });
    expect(lost).rejects.toMatchObject(UNAVAILABLE);
    await lost.catch(() => undefined);
    expect(await wentOn.promise).toBeInstanceOf(Error);
    expect(await written()).toEqual([]);
  });

  test('does nothing in the transaction that uses its connection next', async () => {
    const mayGoOn = Promise.withResolvers<void>();
    const wentOn = Promise.withResolvers<unknown>();
    const lost = pg.transaction('test.lost', async (tx) => {
      await cutOff(tx);
      await mayGoOn.promise;
      await put(tx, 'lost').then(wentOn.resolve, wentOn.resolve);
    });
    await lost.catch(() => undefined);
    await pg.transaction('test.next', async (tx) => {
      await put(tx, 'next');
      mayGoOn.resolve();
      expect(await wentOn.promise).toBeInstanceOf(Error);
    });
    expect(await written()).toEqual(['next']);
  });
});
