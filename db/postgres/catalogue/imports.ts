// Imports in Postgres: the uploaded file in pieces, the progress, and the result of each row.
import { and, asc, desc, eq, gt, inArray, lt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type {
  ImportEffects,
  ImportReading,
  ImportSamples,
  ImportSettings,
} from '../../../domain/catalogue/import-report.ts';
import type { ImportId, StoreId } from '../../../domain/ids.ts';
import { currencyOf, type Currency } from '../../../domain/money.ts';
import type {
  ImportFormat,
  ImportStatus,
  RowResult,
  RowStatus,
} from '../../../domain/catalogue/imports.ts';
import { msAgo, type Pg } from '../client.ts';
import { importPieces, importRows, imports, variants } from '../schema/products.ts';

/** Files are kept this many days, so that failed rows can be retried. */
const KEPT_DAYS = 7;
const FAILED_ROWS_MAX = 1_000_000;

export interface Import {
  id: ImportId;
  storeId: StoreId;
  format: ImportFormat;
  mapping: Record<string, string>;
  settings: ImportSettings;
  /** Null until the file has been read once. */
  reading: ImportReading | null;
  isDryRun: boolean;
  /** Null until the import has ended. */
  effects: ImportEffects | null;
  samples: ImportSamples;
  /** False when a file with stock is refused: its uploader may not set any. */
  setsStock: boolean;
  sha256: string;
  status: ImportStatus;
  reason: string | null;
  pass: number;
  nextRow: number;
  total: number;
  succeeded: number;
  failed: number;
  skipped: number;
  createdAt: Date;
}

const notFound = (): DomainError => new DomainError('NOT_FOUND', 'no such import');

/** Opens an import for its upload, and deletes expired files. */
export const openImport = (
  pg: Pg,
  one: Pick<
    Import,
    'id' | 'storeId' | 'format' | 'mapping' | 'settings' | 'setsStock' | 'isDryRun'
  >,
): Promise<void> =>
  pg.transaction('imports.open', async (tx) => {
    const old = sql`now() - make_interval(days => ${KEPT_DAYS})`;
    const done = tx
      .select({ id: imports.id })
      .from(imports)
      .where(
        and(
          lt(imports.updatedAt, old),
          inArray(imports.status, ['completed', 'failed', 'uploading']),
        ),
      )
      .limit(10);
    await tx.delete(importPieces).where(inArray(importPieces.importId, done));
    await tx.insert(imports).values({ ...one, status: 'uploading' });
  });

/** Sent as base64: the driver's hexadecimal is half as long again, and is held in memory. */
export const appendPiece = (
  pg: Pg,
  importId: string,
  position: number,
  content: Uint8Array,
): Promise<void> =>
  pg.query('imports.append', async (db) => {
    const text = Buffer.from(content.buffer, content.byteOffset, content.length).toString('base64');
    await db.execute(sql`insert into products.import_pieces (import_id, position, content)
      values (${importId}, ${position}, decode(${text}, 'base64'))`);
  });

/** Marks the file as complete; from here on the import survives a crash. */
export const closeUpload = (pg: Pg, id: string, sha256: string, bytes: number): Promise<void> =>
  pg.query('imports.close', async (db) => {
    await db.update(imports).set({ sha256, bytes, status: 'running' }).where(eq(imports.id, id));
  });

export const forgetImport = (pg: Pg, id: string): Promise<void> =>
  pg.query('imports.forget', async (db) => {
    await db.delete(imports).where(eq(imports.id, id));
  });

const findBy = (pg: Pg, where: ReturnType<typeof and>): Promise<Import> =>
  pg.query('imports.find', async (db) => {
    const [row] = await db.select().from(imports).where(where);
    if (!row) throw notFound();
    return row as Import;
  });

/** Throws NOT_FOUND, also for another store's import. */
export const importById = (pg: Pg, storeId: StoreId, id: string): Promise<Import> =>
  findBy(pg, and(eq(imports.storeId, storeId), eq(imports.id, id)));

/** Any store's import, for the worker, which has only the id. */
export const importOf = (pg: Pg, id: string): Promise<Import> =>
  findBy(pg, and(eq(imports.id, id)));

/** Imports before an id, newest first. */
export const listImports = (
  pg: Pg,
  storeId: StoreId,
  before: string,
  limit: number,
): Promise<Import[]> =>
  pg.query('imports.list', async (db) => {
    const older = before ? lt(imports.id, before) : undefined;
    const rows = await db
      .select()
      .from(imports)
      .where(and(eq(imports.storeId, storeId), older))
      .orderBy(desc(imports.id))
      .limit(limit);
    return rows as Import[];
  });

/** Moves an import from one of these statuses. Throws ILLEGAL_TRANSITION from any other. */
export const moveImport = (
  pg: Pg,
  storeId: StoreId,
  id: string,
  from: ImportStatus[],
  set: Partial<Pick<Import, 'status' | 'nextRow' | 'reason'>> & { pass?: unknown },
): Promise<Import> =>
  pg.query('imports.move', async (db) => {
    const mine = and(eq(imports.storeId, storeId), eq(imports.id, id));
    const [moved] = await db
      .update(imports)
      .set({ ...set, updatedAt: new Date() } as object)
      .where(and(mine, inArray(imports.status, from)))
      .returning();
    if (moved) return moved as Import;
    const [present] = await db.select().from(imports).where(mine);
    if (!present) throw notFound();
    throw new DomainError('ILLEGAL_TRANSITION', `this import is ${present.status}`, {
      facts: { status: present.status },
    });
  });

/** Starts another pass over the file that writes only the failed rows. */
export const retryFailed = (pg: Pg, storeId: StoreId, id: string): Promise<Import> =>
  moveImport(pg, storeId, id, ['completed', 'failed'], {
    status: 'running',
    nextRow: 0,
    reason: null,
    pass: sql`${imports.pass} + 1`,
  });

/** Records what the first reading has found. */
export const setReading = (
  pg: Pg,
  id: string,
  found: { total: number; reading: ImportReading },
): Promise<void> =>
  pg.query('imports.reading', async (db) => {
    await db.update(imports).set(found).where(eq(imports.id, id));
  });

/** The currencies of the store's products, in the order of their codes. */
export const listCurrencies = (pg: Pg, storeId: StoreId): Promise<Currency[]> =>
  pg.as(storeId).transaction('imports.currencies', async (tx) => {
    const rows = await tx
      .selectDistinct({ currency: variants.currency })
      .from(variants)
      .where(eq(variants.storeId, storeId))
      .orderBy(asc(variants.currency));
    return rows.map(({ currency }) => currencyOf(currency));
  });

/** Ends an import and counts its rows, and what became of their products. */
export const endImport = (
  pg: Pg,
  id: string,
  status: 'completed' | 'failed',
  reason: string | null,
): Promise<void> =>
  pg.query('imports.end', async (db) => {
    const count = (of: RowStatus) =>
      sql`(select count(*) from products.import_rows r
        where r.import_id = ${id} and r.status = ${of})`;
    await db.execute(sql`
      update products.imports set status = ${status}, reason = ${reason}, updated_at = now(),
        succeeded = ${count('succeeded')}, failed = ${count('failed')},
        skipped = ${count('skipped')}, effects = (
          select jsonb_build_object(
            'made', count(distinct product_id) filter (where effect = 'made'),
            'changed', count(distinct product_id) filter (where effect = 'changed'),
            'leftOut', count(*) filter (where message is not null
              and (r.status = 'succeeded' or code = 'UNCHANGED')))
          from products.import_rows r where r.import_id = ${id})
      where id = ${id} and status <> 'paused'`);
  });

/** The uploaded file, piece by piece. */
export async function* piecesOf(pg: Pg, importId: string): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; position++) {
    const [piece] = await pg.query('imports.piece', (db) =>
      db
        .select({ content: importPieces.content })
        .from(importPieces)
        .where(and(eq(importPieces.importId, importId), eq(importPieces.position, position))),
    );
    if (!piece) return;
    yield piece.content;
  }
}

/** Numbers of the rows that failed in earlier passes. */
export const failedRowsOf = (pg: Pg, importId: string): Promise<Set<number>> =>
  pg.query('imports.failed', async (db) => {
    const rows = await db
      .select({ row: importRows.row })
      .from(importRows)
      .where(and(eq(importRows.importId, importId), eq(importRows.status, 'failed')))
      .limit(FAILED_ROWS_MAX);
    return new Set(rows.map(({ row }) => row));
  });

/**
 * True when the store's last import had an equal file and succeeded entirely, so that this one
 * changes nothing.
 */
export const isRepeated = (pg: Pg, one: Import): Promise<boolean> =>
  pg.query('imports.repeated', async (db) => {
    const [last] = await db
      .select()
      .from(imports)
      .where(
        and(
          eq(imports.storeId, one.storeId),
          eq(imports.status, 'completed'),
          eq(imports.isDryRun, false),
          lt(imports.id, one.id),
        ),
      )
      .orderBy(desc(imports.id))
      .limit(1);
    const isSame = JSON.stringify(last?.settings) === JSON.stringify(one.settings);
    return isSame && last?.sha256 === one.sha256 && last.failed === 0;
  });

/** Results of rows after a row number, in the file's order. */
export const listRows = (
  pg: Pg,
  importId: string,
  status: RowStatus | undefined,
  after: number,
  limit: number,
): Promise<RowResult[]> =>
  pg.query('imports.rows', async (db) => {
    const rows = await db
      .select()
      .from(importRows)
      .where(
        and(
          eq(importRows.importId, importId),
          gt(importRows.row, after),
          status && eq(importRows.status, status),
        ),
      )
      .orderBy(asc(importRows.row))
      .limit(limit);
    return rows as unknown as RowResult[];
  });

/** Imports whose workflow must run; recent ones are left to the caller that starts it. */
export const listRunning = (pg: Pg, olderThanMs: number, limit: number): Promise<Import[]> =>
  pg.query('imports.running', async (db) => {
    const old = msAgo(olderThanMs);
    const rows = await db
      .select()
      .from(imports)
      .where(and(eq(imports.status, 'running'), lt(imports.updatedAt, old)))
      .orderBy(asc(imports.updatedAt))
      .limit(limit);
    return rows as Import[];
  });
