// Routes of the results of an import's rows: page by page, or as a file.
import { z } from 'zod';
import type { Pg } from '../../db/postgres/client.ts';
import { importById, listRows } from '../../db/postgres/catalogue/imports.ts';
import { ROW_STATUSES, type RowResult } from '../../domain/catalogue/imports.ts';
import { LIMIT_MAX, pageQuery, type Cursors } from '../http/cursors.ts';
import { listPage } from '../http/lists.ts';
import { media, reply, route, type Route } from '../http/routes.ts';
import { listResponse, rowResponse } from './responses.ts';

const RESULT_ROWS_AT_ONCE = 1_000;

const rowsQuery = pageQuery.extend({ status: z.enum(ROW_STATUSES).optional() });

const toRowResponse = ({ row, status, code, message, sku, productId }: RowResult) => ({
  row,
  status,
  code: code ?? null,
  message: message ?? null,
  sku: sku ?? null,
  productId: productId ?? null,
});

/** What a spreadsheet runs: https://owasp.org/www-community/attacks/CSV_Injection */
const FORMULA = /^[=+\-@\t\r]/;

/** A field of RFC 4180; what a spreadsheet would run is marked as a text. */
export const csvField = (value: string | number | null | undefined): string => {
  const given = String(value ?? '');
  const text = typeof value === 'string' && FORMULA.test(given) ? `'${given}` : given;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

const lineOf = ({ row, status, code, message, sku, productId }: RowResult): string =>
  `${[row, status, code, message, sku, productId].map(csvField).join(',')}\r\n`;

/** The result file in chunks: one line a row, in the file's order. */
async function* resultLines(pg: Pg, id: string): AsyncGenerator<string> {
  yield 'row,status,code,message,sku,product_id\r\n';
  for (let after = 0; ;) {
    const rows = await listRows(pg, id, undefined, after, RESULT_ROWS_AT_ONCE);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map(lineOf).join('');
    after = last.row;
  }
}

export const importResultRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  route({
    method: 'get',
    path: '/imports/:id/rows',
    summary: 'The result of each row.',
    needs: 'imports:write',
    query: rowsQuery,
    response: listResponse(rowResponse),
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ params, query, principal }) => {
      const { id } = await importById(pg, principal.storeId, params['id'] ?? '');
      const list = `import-rows/${id}`;
      const after = query.cursor ? Number(cursors.open(list, query.cursor)) : 0;
      const limit = Math.min(query.limit, LIMIT_MAX);
      const items = await listRows(pg, id, query.status, after, limit + 1);
      const listing = { cursors, list, limit, items, toResponse: toRowResponse };
      return reply(listPage({ ...listing, positionOf: ({ row }) => String(row) }));
    },
  }),
  route({
    method: 'get',
    path: '/imports/:id/result.csv',
    summary: 'The per-row result as a CSV file.',
    needs: 'imports:write',
    response: media('text/csv'),
    statuses: { 200: 'the file' },
    handler: async ({ params, principal }) => {
      const { id } = await importById(pg, principal.storeId, params['id'] ?? '');
      const lines = resultLines(pg, id);
      const encoder = new TextEncoder();
      const stream = new ReadableStream<Uint8Array>({
        pull: async (controller) => {
          const { value, done } = await lines.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        },
      });
      return new Response(stream, { headers: { 'content-type': 'text/csv; charset=utf-8' } });
    },
  }),
];
