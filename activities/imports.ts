// Checks an import's file and writes its rows in batches; a repeated activity resumes after a
// crash.
import { heartbeat } from '@temporalio/activity';
import type { Client } from '@connectrpc/connect';
import { chunksOf } from '../concurrency/chunks.ts';
import { DomainError, type ErrorCode } from '../domain/errors.ts';
import { IMPORT_BATCH_ROWS, type RowResult } from '../domain/catalogue/imports.ts';
import { DEFAULT_LOCATION } from '../domain/stock.ts';
import {
  endImport,
  failedRowsOf,
  importOf,
  piecesOf,
  isRepeated,
  listCurrencies,
  setReading,
  type Import,
} from '../db/postgres/catalogue/imports.ts';
import {
  advanceImport,
  putProblems,
  putStockChanges,
  writeBatch,
  type BatchOfRows,
  type StockCount,
} from '../db/postgres/catalogue/import-writes.ts';
import { backlogOf } from '../db/postgres/outbox.ts';
import type { Pg } from '../db/postgres/client.ts';
import type { InventoryService } from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { surveyOf, type Survey } from './import-rows/survey.ts';
import { unitsOf, type Unit } from './import-rows/units.ts';
import { STORE_HEADER } from '../domain/headers.ts';

/** Stock counts of one request. */
const COUNTS_MAX = 500;
/** One activity writes at most this many rows, so that none lasts for hours. */
const ROWS_PER_CALL = 50_000;
/**
 * An import waits while this many catalogue events are unsent or while Search is this far behind,
 * so that single changes are not queued behind a whole file.
 */
const BACKLOG_MAX = 5_000;
const SEARCH_BEHIND_MAX_MS = 5_000;
/** The longest wait per batch: a Search that is down slows an import but does not stop it. */
const SEARCH_PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 200;

export type WriteOutcome = 'more' | 'paused' | 'done';

/** Reading failed for good: the import ends with this reason. */
const UNREADABLE: readonly ErrorCode[] = ['INVALID_INPUT', 'MALFORMED_BODY', 'PERMISSION_DENIED'];
const unreadable = (error: unknown): string | undefined =>
  error instanceof DomainError && UNREADABLE.includes(error.code) ? error.message : undefined;

/** An import does nothing that its uploader's other scopes do not allow. PERMISSION_DENIED. */
const assertAllowed = ({ setsStock }: Import, { firstStock }: Survey): void => {
  if (setsStock || firstStock === undefined) return;
  const why = 'has stock, and the key of the import lacks the scope inventory:write';
  throw new DomainError('PERMISSION_DENIED', `row ${firstStock} ${why}`);
};

interface Batch {
  units: Unit[];
  rows: number;
}

const rowsOf = ({ units }: Batch): BatchOfRows => ({
  products: units.flatMap(({ planned }) => planned ?? []),
  categories: units.flatMap(({ categories }) => categories ?? []),
  broken: units.flatMap(({ last, problem }): RowResult[] =>
    problem ? [{ row: last, status: 'failed', code: 'MALFORMED_ROW', message: problem }] : [],
  ),
});

interface Deps {
  pg: Pg;
  inventory: Client<typeof InventoryService>;
  /** Search's lag in ms behind the committed changes; throws when it is unavailable. */
  searchAgeMs(): Promise<number>;
}

const BELOW_RESERVED = 'more is reserved than the file has';

interface Level {
  onHand: number;
  reserved: number;
}

/** The counts of the default location, which an import sets, as the ledger has them. */
const levelsOf = async (
  { inventory }: Deps,
  one: Import,
  counts: StockCount[],
): Promise<Map<string, Level>> => {
  const skus = [...new Set(counts.map(({ sku }) => sku))];
  const headers = { [STORE_HEADER]: one.storeId };
  const levels = new Map<string, Level>();
  for (const some of chunksOf(skus, COUNTS_MAX)) {
    const request = { skus: some, byLocation: true };
    const { stock } = await inventory.batchGetStock(request, { headers });
    for (const { sku, locations } of stock) {
      const own = locations.find(({ location }) => location === DEFAULT_LOCATION);
      if (own) levels.set(sku, own);
    }
  }
  return levels;
};

/** Records which counts differ, and in a dry run those that setting them would refuse. */
const compareStocks = async (deps: Deps, one: Import, counts: StockCount[]): Promise<void> => {
  if (counts.length === 0) return;
  const levels = await levelsOf(deps, one, counts);
  const levelOf = ({ sku }: StockCount): Level => levels.get(sku) ?? { onHand: 0, reserved: 0 };
  const changed = counts.filter((count) => levelOf(count).onHand !== count.quantity);
  if (changed.length > 0) await putStockChanges(deps.pg, one.id, changed);
  if (!one.isDryRun) return;
  const short = counts.filter((count) => count.quantity < levelOf(count).reserved);
  const problems = short.map(({ row, sku }): RowResult => {
    const refusal = { code: 'STOCK_BELOW_RESERVED' as const, message: BELOW_RESERVED };
    return { row, status: 'failed', sku, ...refusal };
  });
  if (problems.length > 0) await putProblems(deps.pg, one, problems);
};

/** Sets the counts once per import and batch: a repetition after a crash changes nothing. */
const setStocks = async (
  { pg, inventory }: Deps,
  one: Import,
  from: number,
  requested: StockCount[],
): Promise<void> => {
  // The last count of a sku wins.
  const counts = [...new Map(requested.map((count) => [count.sku, count])).values()];
  const rows = new Map(counts.map((count) => [count.sku, count.row]));
  const problems: RowResult[] = [];
  for (const [chunk, some] of chunksOf(counts, COUNTS_MAX).entries()) {
    const { refusedSkus } = await inventory.batchSetStock(
      {
        counts: some.map(({ sku, quantity: onHand, productId }) => ({ sku, onHand, productId })),
        adjustmentId: `${one.id}/${one.pass}/${from}/${chunk * COUNTS_MAX}`,
        reason: one.id,
      },
      { headers: { [STORE_HEADER]: one.storeId } },
    );
    for (const sku of refusedSkus) {
      const row = rows.get(sku) ?? 0;
      problems.push({
        row,
        status: 'failed',
        code: 'STOCK_BELOW_RESERVED',
        message: BELOW_RESERVED,
        sku,
      });
    }
    heartbeat();
  }
  if (problems.length > 0) await putProblems(pg, one, problems);
};

const waitWhile = async (isBusy: () => Promise<boolean>): Promise<void> => {
  while (await isBusy()) {
    heartbeat();
    await Bun.sleep(LOOK_EVERY_MS);
  }
};

const waitForLane = async ({ pg, searchAgeMs }: Deps): Promise<void> => {
  const patientUntil = Date.now() + SEARCH_PATIENCE_MS;
  await waitWhile(
    async () =>
      Date.now() < patientUntil && (await searchAgeMs().catch(() => 0)) > SEARCH_BEHIND_MAX_MS,
  );
  await waitWhile(async () => (await backlogOf(pg, 'products', BACKLOG_MAX)) >= BACKLOG_MAX);
};

/** False when the import was paused or another worker has written this batch. */
const write = async (
  deps: Deps,
  one: Import,
  batch: Batch,
  from: number,
  setsStock: boolean,
): Promise<boolean> => {
  if (!one.isDryRun) await waitForLane(deps);
  const to = batch.units.at(-1)?.last ?? from;
  const stock = await writeBatch(deps.pg, one, from, rowsOf(batch));
  if (!stock) return false;
  // Stock is set before the batch is marked done, so that a crash in between repeats both.
  if (setsStock) await compareStocks(deps, one, stock);
  if (setsStock && !one.isDryRun) await setStocks(deps, one, from, stock);
  heartbeat({ row: to });
  return advanceImport(deps.pg, one, from, to);
};

/** The batch was not written: the import is paused, or another worker is ahead. */
const whyNot = async ({ pg }: Deps, importId: string): Promise<WriteOutcome> =>
  (await importOf(pg, importId)).status === 'paused' ? 'paused' : 'more';

/** Reads the whole file once. INVALID_INPUT, MALFORMED_BODY, PERMISSION_DENIED. */
const surveyed = async ({ pg }: Deps, one: Import): Promise<Survey> => {
  const currencies = await listCurrencies(pg, one.storeId);
  const survey = await surveyOf(piecesOf(pg, one.id), one, currencies, (row) => {
    if (row % 1_000 === 0) heartbeat();
  });
  assertAllowed(one, survey);
  return survey;
};

const writeAll = async (deps: Deps, found: Import): Promise<WriteOutcome> => {
  // An older build has recorded no reading.
  const reading = found.reading ?? (await surveyed(deps, found)).reading;
  const one: Import = { ...found, reading };
  const retried = one.pass > 1 ? await failedRowsOf(deps.pg, one.id) : undefined;
  const setsStock = one.setsStock && !(await isRepeated(deps.pg, one));
  const isWanted = ({ last, rows }: Unit): boolean =>
    last > one.nextRow && (!retried || rows.some((row) => retried.has(row)));
  let done = one.nextRow;
  let batch: Batch = { units: [], rows: 0 };
  for await (const unit of unitsOf(() => piecesOf(deps.pg, one.id), one, reading)) {
    if (!isWanted(unit)) continue;
    batch.units.push(unit);
    batch.rows += unit.rows.length;
    if (batch.rows < IMPORT_BATCH_ROWS) continue;
    if (!(await write(deps, one, batch, done, setsStock))) return whyNot(deps, one.id);
    done = unit.last;
    batch = { units: [], rows: 0 };
    if (done - one.nextRow >= ROWS_PER_CALL) return 'more';
  }
  if (batch.units.length === 0) return 'done';
  return (await write(deps, one, batch, done, setsStock)) ? 'done' : whyNot(deps, one.id);
};

export const importActivities = (deps: Deps) => {
  const { pg } = deps;
  return {
    /** Reads the whole file once and records how it is read, or why it cannot be. */
    async checkImport(importId: string): Promise<'readable' | 'unreadable'> {
      try {
        const { total, reading } = await surveyed(deps, await importOf(pg, importId));
        await setReading(pg, importId, { total, reading });
        return 'readable';
      } catch (error) {
        const reason = unreadable(error);
        if (reason === undefined) throw error;
        await endImport(pg, importId, 'failed', reason);
        return 'unreadable';
      }
    },

    /**
     * Writes the next rows; returns `more` when rows are left, `paused` when the import is paused.
     */
    async writeRows(importId: string): Promise<WriteOutcome> {
      const one = await importOf(pg, importId);
      if (one.status === 'paused') return 'paused';
      return one.status === 'running' ? writeAll(deps, one) : 'done';
    },

    /** Counts the rows by their result, and completes the import. */
    async endImport(importId: string): Promise<void> {
      await endImport(pg, importId, 'completed', null);
    },
  };
};
