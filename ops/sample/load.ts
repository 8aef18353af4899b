// Loads the sample catalogue through the public API; existing entries stay.
import { z } from 'zod';
import { mapBounded } from '../../concurrency/chunks.ts';
import sample from './catalogue.json';
import type { Report } from '../output.ts';

const PAGE = 100;
const CONCURRENT_MAX = 8;

export interface Shop {
  gatewayUrl: string;
  storeKey: string;
}

const listed = z.object({
  items: z.array(z.object({ id: z.string(), name: z.string(), slug: z.string().optional() })),
  nextCursor: z.string().nullable(),
});
const created = z.object({ id: z.string() });

/** One call of the public API; throws with the problem when it is refused. */
export const call = async (
  { gatewayUrl, storeKey }: Shop,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> => {
  const response = await fetch(`${gatewayUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${storeKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return text === '' ? undefined : JSON.parse(text);
};

/** Ids of all entries of a list, by name or slug. */
const idsOf = async (shop: Shop, path: string): Promise<Map<string, string>> => {
  const ids = new Map<string, string>();
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor ? `&cursor=${cursor}` : '';
    const page = listed.parse(await call(shop, 'GET', `${path}?limit=${PAGE}${after}`));
    for (const { id, name, slug } of page.items) ids.set(slug ?? name, id);
    cursor = page.nextCursor;
  }
  return ids;
};

type SampleProduct = (typeof sample.products)[number];

const createProduct = async (
  shop: Shop,
  product: SampleProduct,
  collectionIds: string[],
): Promise<string> => {
  const { collections: _, variants, ...body } = product;
  const bodies = variants.map(({ stock: __, ...variant }) => variant);
  const { id } = created.parse(await call(shop, 'POST', '/product', { ...body, variants: bodies }));
  await call(shop, 'PUT', `/product/${id}/collections`, { collectionIds });
  return id;
};

/** Returns the number of new products. Each run sets stock to the sample's numbers. */
export const loadSample = async (shop: Shop, report: Report): Promise<number> => {
  const collectionIds = await idsOf(shop, '/collections');
  for (const { name, description } of sample.collections) {
    if (collectionIds.has(name)) continue;
    const body = { name, description };
    collectionIds.set(name, created.parse(await call(shop, 'POST', '/collection', body)).id);
  }
  const names = new Map(sample.collections.map(({ key, name }) => [key, name]));
  const productIds = await idsOf(shop, '/products');
  let fresh = 0;
  const load = async (product: SampleProduct): Promise<void> => {
    const ids = product.collections.flatMap((key) => collectionIds.get(names.get(key) ?? '') ?? []);
    const known = productIds.get(product.slug);
    const id = known ?? (await createProduct(shop, product, ids));
    if (!known) fresh++;
    for (const { sku, stock } of product.variants) {
      await call(shop, 'PUT', `/product/${id}/stock`, { sku, quantity: stock });
    }
  };
  await mapBounded(sample.products, CONCURRENT_MAX, load);
  report(`catalogue: ${sample.products.length} products, ${fresh} of them new`);
  return fresh;
};
