// Measures an admitted reserve, alone and with its claim, against the same statements in Postgres.
import postgres from 'postgres';
import { rebuildStockNow } from '../../ops/commands/stock.ts';
import { publicEnvironment } from '../../ops/environment.ts';
import type { Instance } from '../../ops/instance.ts';
import { runningOf } from '../../ops/supervise.ts';
import { compare, familyOf, type Figures, type Plan, type Side } from '../method.ts';
import { inventoryCalls, stockedSkus } from './calls.ts';

const SKUS = 1_000;
const UNITS = 1_000_000;
const CONNECTIONS = 10;
/** Lines per slice for holds of many lines, which determines their operations. */
const LINES_A_SLICE = 15_000;

type Sql = ReturnType<typeof postgres>;

/** A hold of one line and its claim, with the service's own statements. */
const rawHold = (sql: Sql, sku: string, id: string) =>
  sql`select inventory.hold_fast('sto_default', ${id},
    ${JSON.stringify([{ sku, quantity: 1 }])}::text::jsonb, 600, null)`;

const rawClaim = (sql: Sql, id: string) =>
  sql`select inventory.end_fast('sto_default', ${id}, 'claimed')`;

const anyOf = (skus: string[]): string => skus[Math.floor(Math.random() * skus.length)] ?? '';

interface Bench {
  env: Record<string, string>;
  sql: Sql;
  /** Every process whose CPU counts; the raw side counts Postgres only. */
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
  const { post, done } = inventoryCalls(env);
  return {
    pids: pids.service,
    operation: async () => {
      const reservationId = crypto.randomUUID();
      const lines = skus().map((sku) => ({ sku, quantity: 1 }));
      const call = { reservationId, lines, expiresIn: '600s' };
      const { status } = await post('Reserve', { ...call, attempt: 1 });
      // A first attempt may be refused as contended; the retry is part of the cost.
      if (status !== 200) await done('Reserve', { ...call, attempt: 2 });
      if (claims) await done('ClaimReservation', { reservationId });
    },
  };
};

/** Creates skus in the ledger in one statement, ten per product, then fills Redis by a rebuild. */
const seed = async (instance: Instance, sql: Sql, count: number): Promise<string[]> => {
  const own = `B-${crypto.randomUUID().slice(0, 8)}`;
  await sql`insert into inventory.balances
      (store_id, sku, location, product_id, on_hand, reserved, version)
    select 'sto_default', ${own} || '-' || n, 'default', 'prd_' || (n / 10), ${UNITS}, 0, 1
    from generate_series(0, ${count - 1}) n`;
  await sql`insert into inventory.movements (store_id, sku, location, kind, quantity, reference)
    select 'sto_default', ${own} || '-' || n, 'default', 'received', ${UNITS}, ${own}
    from generate_series(0, ${count - 1}) n`;
  await rebuildStockNow(instance, (line) => void process.stderr.write(`# rebuilt: ${line}\n`));
  return Array.from({ length: count }, (_, at) => `${own}-${at}`);
};

const measure = (claims: boolean, skuCount: number) => (instance: Instance, plan: Plan) =>
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
        if (claims) await rawClaim(bench.sql, id);
      },
    };
    return compare(
      raw,
      holding(bench, () => [anyOf(skus)], claims),
      plan,
    );
  });

/** A hold of many lines against a hold of one: 1/lines would be linear. */
const measureLines = (lines: number) => (instance: Instance, plan: Plan) =>
  withBench(instance, async (bench) => {
    const skus = await stockedSkus(bench.env, lines, UNITS);
    const one = holding(bench, () => [anyOf(skus)], false);
    return compare(
      one,
      holding(bench, () => skus, false),
      { ...plan, operations: LINES_A_SLICE / lines },
    );
  });

export const reserve = { aim: 0.6, measure: measure(false, SKUS) };
export const reserveAndClaim = { aim: 0.6, measure: measure(true, SKUS) };
export const reserveOf100kSkus = { aim: 0.6, measure: measure(false, 100_000) };
export const reserveOf1mSkus = { aim: 0.6, measure: measure(false, 1_000_000) };
export const reserve10Lines = { aim: 0.1, measure: measureLines(10) };
export const reserve100Lines = { aim: 0.01, measure: measureLines(100) };
