// A store that imports files through the public API, and what its catalogue is afterwards.
import { expect } from 'bun:test';
import { eventually, request } from './journeys.ts';
import { bearer, newStore, send, type Store } from './refusals.ts';
import type { Shop } from './shop.ts';

export interface Import {
  id: string;
  status: string;
  reason?: string;
  rows: { total: number; succeeded: number; failed: number; skipped: number };
  dryRun?: true;
  report?: Record<'made' | 'changed' | 'refused', { count: number; first: { row: number }[] }> & {
    unknownColumns: { column: string; values: number; suggestion?: string }[];
  };
}

interface Rows {
  items: { row: number; status: string; code: string | null }[];
}

type File = string | Uint8Array<ArrayBuffer>;

const uploaded = async (shop: Shop, { key }: Store, file: File, query: string, type: string) => {
  const response = await send(shop, {
    method: 'POST',
    path: `/imports${query}`,
    headers: { ...bearer(key), 'content-type': type },
    raw: file,
  });
  const body = (await response.json()) as Import;
  expect([response.status, body]).toEqual([202, { id: body.id, status: 'running' } as Import]);
  return body.id;
};

/** Everything the store has written, as far as an import may change it. */
const catalogueOf = async ({ sql }: Shop, storeId: string) => {
  const products = await sql`select p.slug, p.name, p.version, p.status,
      (select json_agg(json_build_array(v.sku, v.price_minor, v.currency) order by v.sku)
        from products.variants v where v.product_id = p.id) as variants
    from products.products p where store_id = ${storeId} order by slug`;
  const stock = await sql`select sku, on_hand, version from inventory.balances
    where store_id = ${storeId} order by sku`;
  return { products: [...products], stock: [...stock] };
};

export type Importer = Awaited<ReturnType<typeof newImporter>>;

export const newImporter = async (shop: Shop) => {
  const store = await newStore(shop, [
    'products:read',
    'products:write',
    'inventory:read',
    'inventory:write',
    'imports:write',
  ]);
  const headers = bearer(store.key);
  const at = (id: string, path = ''): string => `${shop.env['GATEWAY_URL']}/imports/${id}${path}`;
  const look = async (id: string): Promise<Import> =>
    (await request<Import>(at(id), { headers })).body;
  return {
    ...store,
    /** Returns the id of the import. */
    upload: (file: File, query = '', type = 'text/csv') => uploaded(shop, store, file, query, type),
    look,
    change: (id: string, what: string) =>
      send(shop, { method: 'POST', path: `/imports/${id}/${what}`, headers }),
    ended: (id: string): Promise<Import> =>
      eventually(`${id} has ended`, async () => {
        const one = await look(id);
        return ['completed', 'failed'].includes(one.status) ? one : undefined;
      }),
    failedRows: async (id: string): Promise<[number, string | null][]> => {
      const url = at(id, '/rows?status=failed&limit=100');
      const { body } = await request<Rows>(url, { headers });
      return body.items.map(({ row, code }) => [row, code]);
    },
    catalogue: () => catalogueOf(shop, store.storeId),
  };
};

export const HEADER = 'slug,sku,name,price,inventory,collection\n';
export const rowsOf = (count: number, prefix: string): string =>
  Array.from(
    { length: count },
    (_, at) => `${prefix}-${at},${prefix}-${at},Item ${at},${at % 90}.5,${at % 7},Gear > Item`,
  ).join('\n');
