// An admitted reserve, alone and with its claim, against the same statements sent to Postgres raw.
import postgres from 'postgres';
import { rebuildStockNow } from '../ops/commands/stock.ts';
import { publicEnvironment } from '../ops/environment.ts';
import type { Instance } from '../ops/instance.ts';
import { runningOf } from '../ops/supervise.ts';
import { compare, familyOf, type Figures, type Side } from './method.ts';
import { inventoryCalls, stockedSkus } from './stock-calls.ts';

const SKUS = 1_000;
const UNITS = 1_000_000;
const CONNECTIONS = 10;

type Sql = ReturnType<typeof postgres>;

/** The statements of a hold of one line and of its claim, as the service sends them. */
const rawHold = (sql: Sql, sku: string, id: string) =>
  sql.begin(async (tx) => {
    await tx`with e as (select epoch from inventory.epochs where id = 1 for share),
      r as (insert into inventory.reservations (store_id, id, state, expires_at)
        values ('sto_default', ${id}, 'held', now() + interval '60 s')
        on conflict do nothing returning expires_at)
      select e.epoch, r.expires_at from e left join r on true`;
    await tx`select * from inventory.balances where store_id = 'sto_default' and sku = ${sku}
      order by sku, location for update`;
    await tx`with changed as (update inventory.balances
        set reserved = reserved + 1, version = version + 1, updated_at = now()
        where store_id = 'sto_default' and sku = ${sku} and location = 'default' returning sku),
      held as (insert into inventory.reservation_lines
        (store_id, reservation_id, sku, location, quantity)
        values ('sto_default', ${id}, ${sku}, 'default', 1)),
      queued as (insert into inventory.stock_changes (store_id, product_id)
        values ('sto_default', 'prd_bench'))
      select *, (select count(*) from changed) from inventory.balances
      where store_id = 'sto_default' and sku = ${sku}`;
  });

const rawClaim = (sql: Sql, sku: string, id: string) =>
  sql.begin(async (tx) => {
    await tx`select epoch from inventory.epochs where id = 1 for share`;
    await tx`update inventory.reservations set state = 'claimed', ended_at = now()
      where store_id = 'sto_default' and id = ${id} and state = 'held' returning id`;
    await tx`select r.state, l.* from inventory.reservations r
      left join inventory.reservation_lines l
        on l.store_id = r.store_id and l.reservation_id = r.id
      where r.store_id = 'sto_default' and r.id = ${id}`;
    await tx`select * from inventory.balances where store_id = 'sto_default' and sku = ${sku}
      order by sku, location for update`;
    await tx`with changed as (update inventory.balances
        set on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1,
          updated_at = now()
        where store_id = 'sto_default' and sku = ${sku} and location = 'default' returning sku),
      moved as (insert into inventory.movements
        (store_id, sku, location, kind, quantity, reference)
        values ('sto_default', ${sku}, 'default', 'claimed', -1, ${id})),
      queued as (insert into inventory.stock_changes (store_id, product_id)
        values ('sto_default', 'prd_bench'))
      select *, (select count(*) from changed) from inventory.balances
      where store_id = 'sto_default' and sku = ${sku}`;
  });

const anyOf = (skus: string[]): string => skus[Math.floor(Math.random() * skus.length)] ?? '';

interface Bench {
  env: Record<string, string>;
  sql: Sql;
  /** Every process whose CPU counts; the raw side needs Postgres alone. */
  pids: { raw: () => number[]; service: () => number[] };
}

const withBench = async (instance: Instance, work: (bench: Bench) => Promise<Figures>) => {
  const env = await publicEnvironment(instance);
  const sql = postgres(env['POSTGRES_URL'] ?? '', { max: CONNECTIONS, onnotice: () => undefined });
  const pidOf = (name: string): number => runningOf(instance, name)?.pid ?? 0;
  const raw = () => familyOf(pidOf('postgres'));
  const service = () => [pidOf('inventory'), pidOf('redis'), ...raw()];
  try {
    return await work({ env, sql, pids: { raw, service } });
  } finally {
    await sql.end();
  }
};

const holding = ({ env, pids }: Bench, skus: () => string[], claims: boolean): Side => {
  const { done } = inventoryCalls(env);
  return {
    pids: pids.service,
    operation: async () => {
      const reservationId = crypto.randomUUID();
      const lines = skus().map((sku) => ({ sku, quantity: 1 }));
      await done('Reserve', { reservationId, lines, expiresIn: '600s' });
      if (claims) await done('ClaimReservation', { reservationId });
    },
  };
};

/** Skus made at once in the ledger, then put into Redis by a rebuild. */
const seed = async (instance: Instance, sql: Sql, count: number): Promise<string[]> => {
  const own = `B-${crypto.randomUUID().slice(0, 8)}`;
  await sql`insert into inventory.balances
      (store_id, sku, location, product_id, on_hand, reserved, version)
    select 'sto_default', ${own} || '-' || n, 'default', 'prd_' || (n % 10000), ${UNITS}, 0, 1
    from generate_series(0, ${count - 1}) n`;
  await sql`insert into inventory.movements (store_id, sku, location, kind, quantity, reference)
    select 'sto_default', ${own} || '-' || n, 'default', 'received', ${UNITS}, ${own}
    from generate_series(0, ${count - 1}) n`;
  await rebuildStockNow(instance, (line) => void process.stderr.write(`# rebuilt: ${line}\n`));
  return Array.from({ length: count }, (_, at) => `${own}-${at}`);
};

const measure = (claims: boolean, skuCount: number) => (instance: Instance) =>
  withBench(instance, async (bench) => {
    const skus =
      skuCount > SKUS
        ? await seed(instance, bench.sql, skuCount)
        : await stockedSkus(bench.env, skuCount, UNITS);
    const raw: Side = {
      pids: bench.pids.raw,
      operation: async () => {
        const [sku, id] = [anyOf(skus), crypto.randomUUID()];
        await rawHold(bench.sql, sku, id);
        if (claims) await rawClaim(bench.sql, sku, id);
      },
    };
    return compare(
      raw,
      holding(bench, () => [anyOf(skus)], claims),
    );
  });

/** A hold of many lines against a hold of one: 1/lines would be linear. */
const measureLines = (lines: number) => (instance: Instance) =>
  withBench(instance, async (bench) => {
    const skus = await stockedSkus(bench.env, lines, UNITS);
    const one = holding(bench, () => [anyOf(skus)], false);
    return compare(
      one,
      holding(bench, () => skus, false),
    );
  });

export const reserve = { aim: 0.6, measure: measure(false, SKUS) };
export const reserveAndClaim = { aim: 0.6, measure: measure(true, SKUS) };
export const reserveOf100kSkus = { aim: 0.6, measure: measure(false, 100_000) };
export const reserveOf1mSkus = { aim: 0.6, measure: measure(false, 1_000_000) };
export const reserve10Lines = { aim: 0.1, measure: measureLines(10) };
export const reserve100Lines = { aim: 0.01, measure: measureLines(100) };
