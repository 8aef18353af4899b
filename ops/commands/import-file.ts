// Imports a catalogue file through the public API: uploads it as a stream and follows the import.
import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Shop } from '../sample/load.ts';
import type { Report } from '../output.ts';

const POLL_MS = 300;
const BAR_WIDTH = 30;
const FAILED_SHOWN_MAX = 10;

const progress = z.object({
  id: z.string(),
  status: z.enum(['running', 'paused', 'completed', 'failed']),
  reason: z.string().optional(),
  rows: z.object({
    total: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    skipped: z.number(),
  }),
});
export type ImportProgress = z.output<typeof progress>;

const rowsShape = z.object({
  items: z.array(z.object({ row: z.number(), message: z.string().nullable() })),
});

export interface ImportInput {
  format?: string | undefined;
  map?: string | undefined;
}

const request = async (shop: Shop, path: string, init: RequestInit = {}): Promise<unknown> => {
  const response = await fetch(`${shop.gatewayUrl}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${shop.storeKey}`, ...(init.headers as object) },
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
};

const barOf = ({ rows }: ImportProgress): string => {
  const done = rows.succeeded + rows.failed + rows.skipped;
  const share = rows.total > 0 ? Math.min(done / rows.total, 1) : 0;
  const full = '█'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '░');
  return `${full} ${done}/${rows.total} rows, ${rows.failed} failed, ${rows.skipped} skipped`;
};

/** On a terminal one updated line, elsewhere one line at the end. */
const show = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${line}\u001B[K`);
};

/** Follows an import until it has ended or is paused. */
export const followImport = async (shop: Shop, id: string): Promise<ImportProgress> => {
  for (;;) {
    const one = progress.parse(await request(shop, `/imports/${id}`));
    show(barOf(one));
    if (one.status !== 'running') return one;
    await Bun.sleep(POLL_MS);
  }
};

/** Uploads a body; returns the id of the import. */
export const uploadCatalogue = async (
  shop: Shop,
  body: NonNullable<RequestInit['body']>,
  type: string,
  { format, map }: ImportInput,
): Promise<string> => {
  const query = new URLSearchParams({ ...(format && { format }), ...(map && { map }) });
  const headers = { 'content-type': type };
  const path = `/imports${query.size > 0 ? `?${query.toString()}` : ''}`;
  return progress
    .pick({ id: true })
    .parse(await request(shop, path, { method: 'POST', headers, body })).id;
};

/** Returns the exit code: 0 when the file was read, even with failed rows. */
export const importFile = async (
  shop: Shop,
  path: string,
  input: ImportInput,
  report: Report,
): Promise<number> => {
  if (!existsSync(path)) throw new Error(`file not found: ${path}`);
  const type = path.endsWith('.json') ? 'application/json' : 'text/csv';
  report(`uploading ${path} (${(statSync(path).size / 1024).toFixed(0)} KiB)`);
  const id = await uploadCatalogue(shop, Bun.file(path), type, input);
  const one = await followImport(shop, id);
  report(`${process.stderr.isTTY ? '\n' : ''}${id}: ${one.status}; ${barOf(one)}`);
  if (one.reason) report(`import failed: ${one.reason}`);
  if (one.rows.failed > 0) {
    const path = `/imports/${id}/rows?status=failed&limit=${FAILED_SHOWN_MAX}`;
    const { items } = rowsShape.parse(await request(shop, path));
    for (const { row, message } of items) report(`  row ${row}: ${message}`);
    report(`result of every row: ${shop.gatewayUrl}/imports/${id}/result.csv`);
  }
  return one.status === 'completed' ? 0 : 1;
};
