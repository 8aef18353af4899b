// Imports a catalogue file through the public API: uploads it as a stream and follows the import.
import { existsSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { Shop } from '../sample/load.ts';
import type { Report } from '../output.ts';

const POLL_MS = 300;
const BAR_WIDTH = 30;

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

const sampled = <T extends z.ZodType>(item: T) =>
  z.object({ count: z.number(), first: z.array(item) });
const product = z.object({ row: z.number(), name: z.string() });
const withReport = z.object({
  report: z.object({
    format: z.string(),
    encoding: z.string(),
    currency: z.object({ code: z.string(), from: z.string() }),
    decimal: z.object({ sign: z.string(), from: z.string() }),
    unknownColumns: z.array(
      z.object({ column: z.string(), values: z.number(), suggestion: z.string().optional() }),
    ),
    made: sampled(product),
    changed: sampled(product.extend({ fields: z.array(z.string()) })),
    refused: sampled(z.object({ row: z.number(), message: z.string() })),
    leftOut: sampled(z.object({ row: z.number(), message: z.string() })),
  }),
});
type ImportReport = z.output<typeof withReport>['report'];

export interface ImportInput {
  format?: string | undefined;
  map?: string | undefined;
  currency?: string | undefined;
  decimal?: string | undefined;
  encoding?: string | undefined;
  source?: string | undefined;
  isDryRun?: boolean | undefined;
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
  { isDryRun, ...settings }: ImportInput,
): Promise<string> => {
  const query = new URLSearchParams(isDryRun ? { dryRun: 'true' } : {});
  for (const [name, value] of Object.entries(settings)) if (value) query.set(name, value);
  const headers = { 'content-type': type };
  const path = `/imports${query.size > 0 ? `?${query.toString()}` : ''}`;
  return progress
    .pick({ id: true })
    .parse(await request(shop, path, { method: 'POST', headers, body })).id;
};

/** Says who says so; what is written in the file needs no remark. */
const origin = (from: string): string => {
  if (from === 'default') return ' (nothing says so: the default)';
  return from === 'store' ? ' (as the store has)' : '';
};

/** The report's lines: how the file was read, then products of each kind, then rows refused. */
export const linesOf = (one: ImportReport, isDryRun: boolean): string[] => {
  const { format, encoding, currency, decimal, unknownColumns, made, changed, refused, leftOut } =
    one;
  const [isMade, isChanged] = isDryRun
    ? ['would be made', 'would be changed']
    : ['made', 'changed'];
  const counted = (count: number, one: string): string =>
    `${count} ${one}${count === 1 ? '' : 's'}`;
  const more = ({ count, first }: { count: number; first: unknown[] }): string[] =>
    count > first.length ? [`  and ${count - first.length} more`] : [];
  return [
    `read as ${format}, ${encoding}`,
    `prices in ${currency.code}${origin(currency.from)}`,
    `decimals after "${decimal.sign}"${origin(decimal.from)}`,
    ...unknownColumns.map(({ column, values, suggestion }) => {
      const hint = suggestion ? `; is it "${suggestion}"?` : '';
      return `column "${column}" is not taken (${counted(values, 'value')})${hint}`;
    }),
    `${counted(made.count, 'product')} ${isMade}`,
    ...made.first.map(({ row, name }) => `  row ${row}: ${name}`),
    ...more(made),
    `${counted(changed.count, 'product')} ${isChanged}`,
    ...changed.first.map(({ row, name, fields }) => `  row ${row}: ${name} (${fields.join(', ')})`),
    ...more(changed),
    `${counted(refused.count, 'row')} refused`,
    ...refused.first.map(({ row, message }) => `  row ${row}: ${message}`),
    ...more(refused),
    ...(leftOut.count > 0 ? [`${counted(leftOut.count, 'row')} taken without a value`] : []),
    ...leftOut.first.map(({ row, message }) => `  row ${row}: ${message}`),
    ...more(leftOut),
  ];
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
  if (input.isDryRun) report('dry run: nothing is written');
  if (one.status !== 'completed') return 1;
  const read = withReport.parse(await request(shop, `/imports/${id}`));
  for (const line of linesOf(read.report, input.isDryRun ?? false)) report(line);
  if (one.rows.failed > 0) {
    report(`result of every row: ${shop.gatewayUrl}/imports/${id}/result.csv`);
  }
  return 0;
};
