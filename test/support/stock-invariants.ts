// Checks the invariants of skus in the ledger, and that Redis equals it.
import { expect } from 'bun:test';
import { compareStock, DIFFERENCES_MAX, type Difference } from '../../apis/inventory/compare.ts';
import { connectPostgres } from '../../db/postgres/client.ts';
import { connectRedis } from '../../db/redis/client.ts';
import { createStockCache } from '../../db/redis/stock.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { eventually } from './journeys.ts';
import type { Shop } from './shop.ts';

/** S1, S3 and S4: movements add up, holds equal the reservations, each ended at most once. */
export const expectLedgerAddsUp = async ({ sql }: Shop, skus: string[]): Promise<void> => {
  const wrong = await sql`
    select b.sku, b.location, b.on_hand, b.reserved,
      (select coalesce(sum(quantity), 0)::int from inventory.movements m
        where m.store_id = b.store_id and m.sku = b.sku and m.location = b.location) as moved,
      (select coalesce(sum(l.quantity), 0)::int
        from inventory.reservation_lines l
        join inventory.reservations r on r.store_id = l.store_id and r.id = l.reservation_id
        where l.store_id = b.store_id and l.sku = b.sku and l.location = b.location
          and r.state = 'held') as held
    from inventory.balances b where b.sku in ${sql(skus)}`;
  for (const row of wrong) {
    expect(row).toMatchObject({ on_hand: row['moved'], reserved: row['held'] });
    expect(row['reserved']).toBeGreaterThanOrEqual(0);
    expect(row['reserved']).toBeLessThanOrEqual(row['on_hand'] as number);
  }
  const twice = await sql`
    select reference, sku, count(*) from inventory.movements
    where sku in ${sql(skus)} and kind = 'claimed' group by 1, 2, location having count(*) > 1`;
  expect(twice).toHaveLength(0);
};

/** Runs `work` with a check of where Redis differs from the ledger for these skus. */
export const withComparison = async <T>(
  { env }: Shop,
  skus: string[],
  work: (look: () => Promise<Difference[]>) => Promise<T>,
): Promise<T> => {
  const telemetry = createTelemetry('test', 'silent');
  const pg = connectPostgres({ url: env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
  const redis = connectRedis(env['REDIS_URL'] ?? '', telemetry);
  try {
    return await work(async () => {
      const { differences } = await compareStock({ pg, cache: createStockCache(redis) });
      // When very much differs, not all of it is listed, and these skus may be left out.
      const isCut = differences.length >= DIFFERENCES_MAX;
      return differences.filter(({ sku }) => isCut || sku === '' || skus.includes(sku));
    });
  } finally {
    redis.close();
    await pg.close();
  }
};

/** S4: Redis has what a rebuild would write. */
export const expectRedisEqualsLedger = async (shop: Shop, skus: string[]): Promise<void> => {
  await withComparison(shop, skus, (look) =>
    eventually('redis equals the ledger', async () => {
      const differences = await look().catch(() => undefined);
      return differences?.length === 0 ? true : undefined;
    }),
  );
};
