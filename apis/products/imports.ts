// Routes of imports: upload, read, pause, resume and retry.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Pg } from '../../db/postgres/client.ts';
import {
  appendPiece,
  closeUpload,
  forgetImport,
  importById,
  listImports,
  moveImport,
  openImport,
  retryFailed,
  type Import,
} from '../../db/postgres/catalogue/imports.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { isId, newId, type StoreId } from '../../domain/ids.ts';
import { DECIMAL_SIGNS, ENCODINGS } from '../../domain/catalogue/import-report.ts';
import { IMPORT_BYTES_MAX, IMPORT_FORMATS } from '../../domain/catalogue/imports.ts';
import { boundedPieces } from '../http/body.ts';
import { currencyText } from '../http/openapi/texts.ts';
import { pageQuery, type Cursors } from '../http/cursors.ts';
import { listPage } from '../http/lists.ts';
import { may } from '../http/principals.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { importResultRoutes } from './import-results.ts';
import type { ImportWorkflows } from './import-workflows.ts';
import { importResponse, importWithReport, listResponse } from './responses.ts';

/** Equals the gateway's limit of an upload. */
const IMPORT_LIMITS = { bytesMax: IMPORT_BYTES_MAX, ms: 10 * 60_000 };
/** Small enough that many uploads at once take little memory, large enough that rows are few. */
const PIECE_BYTES = 256 * 1024;
const MAP_LENGTH_MAX = 4_000;
const SOURCE_LENGTH_MAX = 60;

const TYPES = /^(?:text\/csv|application\/csv|application\/json|text\/plain)\b/i;

const uploadQuery = z.strictObject({
  format: z.enum(IMPORT_FORMATS).default('auto'),
  map: z.string().max(MAP_LENGTH_MAX).optional(),
  currency: currencyText.optional(),
  decimal: z.enum(DECIMAL_SIGNS).optional(),
  encoding: z.enum(ENCODINGS).optional(),
  source: z
    .string()
    .regex(/^[\w.-]+$/)
    .max(SOURCE_LENGTH_MAX)
    .optional(),
  dryRun: z.enum(['true', 'false']).default('false'),
});

/** `name:Name,price:Price`: the column of each field. */
const mappingOf = (map: string | undefined): Record<string, string> =>
  Object.fromEntries(
    (map ?? '')
      .split(',')
      .filter((pair) => pair.trim() !== '')
      .map((pair) => {
        const [, field, path] = /^\s*([\w.]+)\s*:\s*([^:]+?)\s*$/.exec(pair) ?? [];
        if (!field || !path) throw invalid('map', 'is written field:column,field:column');
        return [field, path];
      }),
  );

export interface ImportDeps {
  pg: Pg;
  cursors: Cursors;
  workflows: ImportWorkflows;
}

/** NOT_FOUND for an id that cannot be an import's. */
const idOf = ({ id }: Record<string, string>): string => {
  if (!isId('import', id)) throw new DomainError('NOT_FOUND', 'no such import');
  return id;
};

const shown = (one: Import) => ({
  id: one.id,
  status: one.status === 'uploading' ? 'running' : one.status,
  format: one.format,
  rows: {
    total: one.total,
    succeeded: one.succeeded,
    failed: one.failed,
    skipped: one.skipped,
  },
  ...(one.reason !== null && { reason: one.reason }),
  ...(one.isDryRun && { dryRun: true as const }),
  createdAt: one.createdAt.toISOString(),
});

/** Products whose rows are apart are complete later than they begin. */
const byRow = <T extends { row: number }>(list: T[]): T[] =>
  list.toSorted((one, other) => one.row - other.row);

/** How the file is read and, once the import has ended, what came of it. */
const reportOf = ({ status, reading, effects, failed, samples }: Import) => {
  if (!reading) return undefined;
  if (status !== 'completed' || !effects) return reading;
  return {
    ...reading,
    made: { count: effects.made, first: byRow(samples.made) },
    changed: { count: effects.changed, first: byRow(samples.changed) },
    refused: { count: failed, first: byRow(samples.refused) },
    leftOut: { count: effects.leftOut, first: byRow(samples.leftOut ?? []) },
  };
};

const withReport = (one: Import) => {
  const report = reportOf(one);
  return { ...shown(one), ...(report && { report }) };
};

/** Stores the body in chunks while it arrives; returns its hash and length. */
const storeFile = async (pg: Pg, id: string, request: Request) => {
  const hash = createHash('sha256');
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let bytes = 0;
  let position = 0;
  const flush = async (): Promise<void> => {
    if (heldBytes === 0) return;
    await appendPiece(pg, id, position++, Buffer.concat(held));
    held = [];
    heldBytes = 0;
  };
  for await (const piece of boundedPieces(request, IMPORT_LIMITS)) {
    hash.update(piece);
    bytes += piece.byteLength;
    held.push(piece);
    heldBytes += piece.byteLength;
    if (heldBytes >= PIECE_BYTES) await flush();
  }
  await flush();
  return { sha256: hash.digest('hex'), bytes };
};

const uploadRoute = ({ pg, workflows }: ImportDeps): Route =>
  route({
    method: 'post',
    path: '/imports',
    summary:
      'Upload a catalogue as CSV or JSON; its rows are written in the background. It needs ' +
      'products:write too, and inventory:write where the file has stock. A dry run reads the ' +
      'file and reports what would be done.',
    needs: 'imports:write',
    query: uploadQuery,
    kind: 'upload',
    uploads: ['text/csv', 'application/json'],
    response: importResponse.pick({ id: true, status: true }),
    statuses: { 202: 'the import, running', 413: 'BODY_TOO_LARGE' },
    handler: async ({ query, principal, request }) => {
      if (!TYPES.test(request.headers.get('content-type') ?? '')) {
        throw new DomainError('UNSUPPORTED_MEDIA_TYPE', 'send text/csv or application/json');
      }
      if (!may(principal, 'products:write')) {
        throw new DomainError('PERMISSION_DENIED', 'this key lacks the scope products:write');
      }
      const { storeId } = principal;
      const id = newId('import');
      const mapping = mappingOf(query.map);
      const setsStock = may(principal, 'inventory:write');
      const { format, currency, decimal, encoding, source } = query;
      const settings = { currency, decimal, encoding, source };
      const isDryRun = query.dryRun === 'true';
      await openImport(pg, { id, storeId, format, mapping, settings, setsStock, isDryRun });
      try {
        const { sha256, bytes } = await storeFile(pg, id, request);
        if (bytes === 0) throw new DomainError('MALFORMED_BODY', 'the file is empty');
        await closeUpload(pg, id, sha256, bytes);
      } catch (error) {
        await forgetImport(pg, id).catch(() => undefined);
        throw error;
      }
      await workflows.begin(id);
      return reply({ id, status: 'running' as const }, 202, { location: `/imports/${id}` });
    },
  });

type Change = (pg: Pg, storeId: StoreId, id: string) => Promise<Import>;

const CHANGES: Record<string, { summary: string; change: Change }> = {
  pause: {
    summary: 'Pause an import after the present batch.',
    change: (pg, storeId, id) => moveImport(pg, storeId, id, ['running'], { status: 'paused' }),
  },
  resume: {
    summary: 'Continue a paused import.',
    change: (pg, storeId, id) => moveImport(pg, storeId, id, ['paused'], { status: 'running' }),
  },
  retry: { summary: 'Retry the failed rows of an ended import.', change: retryFailed },
};

const changeRoutes = ({ pg, workflows }: ImportDeps): Route[] =>
  Object.entries(CHANGES).map(([name, { summary, change }]) =>
    route({
      method: 'post',
      path: `/imports/:id/${name}`,
      summary,
      needs: 'imports:write',
      response: importResponse,
      statuses: { 200: 'the import', 409: 'ILLEGAL_TRANSITION' },
      handler: async ({ params, principal }) => {
        const one = await change(pg, principal.storeId, idOf(params));
        if (name !== 'pause') await workflows.goOn(one.id);
        return reply(shown(one));
      },
    }),
  );

const readRoutes = ({ pg, cursors }: ImportDeps): Route[] => [
  route({
    method: 'get',
    path: '/imports',
    summary: 'Imports of the store, the newest first.',
    needs: 'imports:write',
    query: pageQuery,
    response: listResponse(importResponse),
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query, principal }) => {
      const list = `imports/${principal.storeId}`;
      const before = query.cursor ? cursors.open(list, query.cursor) : '';
      const { limit } = query;
      const items = await listImports(pg, principal.storeId, before, limit + 1);
      const listing = { cursors, list, limit, items, toResponse: shown };
      return reply(listPage({ ...listing, positionOf: ({ id }) => id }));
    },
  }),
  route({
    method: 'get',
    path: '/imports/:id',
    summary: 'An import, its progress, and its report.',
    needs: 'imports:write',
    response: importWithReport,
    statuses: { 200: 'the import' },
    handler: async ({ params, principal }) =>
      reply(withReport(await importById(pg, principal.storeId, idOf(params)))),
  }),
];

export const importRoutes = (deps: ImportDeps): Route[] => [
  uploadRoute(deps),
  ...changeRoutes(deps),
  ...readRoutes(deps),
  ...importResultRoutes(deps.pg, deps.cursors),
];
