// Reads the ledger page by page, for a rebuild of Redis and for comparison with it.
import { sql } from 'drizzle-orm';
import type { StockLevel } from '../../../domain/stock.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { LOCKS } from '../locks.ts';

const PAGE_ROWS = 2_000;
const REBUILD_LIMIT_MS = 120_000;

export interface StoredLevel {
  storeId: string;
  level: StockLevel;
}

type LevelRow = {
  store_id: string;
  sku: string;
  on_hand: number;
  reserved: number;
  version: number;
};

const storedLevel = (row: LevelRow): StoredLevel => ({
  storeId: row.store_id,
  level: {
    sku: row.sku,
    onHand: row.on_hand,
    reserved: row.reserved,
    available: row.on_hand - row.reserved,
    version: row.version,
  },
});

interface SkuKey {
  storeId: string;
  sku: string;
}

const readPage = async (db: Db | Tx, { storeId, sku }: SkuKey, limit: number) => {
  const rows = await db.execute<LevelRow>(sql`
    select store_id, sku, sum(on_hand)::int as on_hand, sum(reserved)::int as reserved,
      sum(version)::float8 as version
    from inventory.balances where (store_id, sku) > (${storeId}, ${sku})
    group by store_id, sku order by store_id, sku limit ${limit}`);
  return rows.map(storedLevel);
};

/** The current levels of the next skus after a key. */
export const levelPage = (pg: Pg, after: SkuKey, limit: number): Promise<StoredLevel[]> =>
  pg.query('stock.levelPage', (db) => readPage(db, after, limit));

/** Every sku's level, in pages. */
export async function* levelPages(tx: Tx): AsyncGenerator<StoredLevel[]> {
  let after: SkuKey = { storeId: '', sku: '' };
  for (;;) {
    const page = await readPage(tx, after, PAGE_ROWS);
    const last = page.at(-1);
    if (!last) return;
    yield page;
    after = { storeId: last.storeId, sku: last.level.sku };
  }
}

export interface RecentReservation {
  storeId: string;
  id: string;
  /** Milliseconds until its deadline; negative when that has passed. */
  lifeMs: number;
}

/** Every reservation that is held, or whose deadline passed less than `sinceMs` ago, in pages. */
export async function* recentPages(tx: Tx, sinceMs: number): AsyncGenerator<RecentReservation[]> {
  const [from] = await tx.execute<{ at: string }>(
    sql`select (now() - make_interval(secs => ${sinceMs / 1000}::float8))::text as at`,
  );
  let [expiresAt, id] = [from?.at ?? '', ''];
  for (;;) {
    const rows = await tx.execute<{
      store_id: string;
      id: string;
      expires_at: string;
      life_ms: number;
    }>(sql`
      select store_id, id, expires_at::text,
        (extract(epoch from expires_at - now()) * 1000)::float8 as life_ms
      from inventory.reservations
      where expires_at >= ${expiresAt}::timestamptz
        and (expires_at, store_id || '/' || id) > (${expiresAt}::timestamptz, ${id})
      order by expires_at, store_id || '/' || id limit ${PAGE_ROWS}`);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => ({ storeId: row.store_id, id: row.id, lifeMs: row.life_ms }));
    [expiresAt, id] = [last.expires_at, `${last.store_id}/${last.id}`];
  }
}

/** Runs `work` as the only rebuild; returns false when another one is running. */
export const asOnlyRebuild = (pg: Pg, work: (tx: Tx) => Promise<void>): Promise<boolean> =>
  pg.transaction(
    'stock.rebuild',
    async (tx) => {
      const [lock] = await tx.execute<{ held: boolean }>(
        sql`select pg_try_advisory_xact_lock(${LOCKS.rebuild}) as held`,
      );
      if (!lock?.held) return false;
      await work(tx);
      return true;
    },
    REBUILD_LIMIT_MS,
  );

/** Runs `work` on one repeatable-read snapshot of the ledger. */
export const onSnapshot = <T>(pg: Pg, work: (tx: Tx) => Promise<T>): Promise<T> =>
  pg.transaction(
    'stock.snapshot',
    async (tx) => {
      await tx.execute(sql`set transaction isolation level repeatable read read only`);
      return work(tx);
    },
    REBUILD_LIMIT_MS,
  );
