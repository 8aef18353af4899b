// Reads and locks the stored products that a batch of an import refers to.
import { and, eq, inArray, sql } from 'drizzle-orm';
import type { NamedBy, PlannedProduct } from '../../../domain/catalogue/imports.ts';
import { nameKeyOf, type Product } from '../../../domain/product.ts';
import type { Tx } from '../client.ts';
import { products } from '../schema/products.ts';
import type { Naming, Present } from './import-identity.ts';
import type { Import } from './imports.ts';
import { assembleProducts } from './product-rows.ts';

const listOf = (texts: string[]) =>
  sql`(select jsonb_array_elements_text(${JSON.stringify(texts)}::jsonb))`;

/** Only rows without id and sku are looked up by their names. */
const namesOf = (batch: PlannedProduct[]): string[] =>
  batch
    .filter(({ id, variants }) => id === undefined && !variants.some((one) => one.hasOwnSku))
    .map(({ name }) => nameKeyOf(name ?? ''))
    .filter((name) => name !== '');

const findIds = async (
  tx: Tx,
  storeId: string,
  source: string,
  batch: PlannedProduct[],
): Promise<string[]> => {
  const ids = batch.flatMap(({ id }) => id ?? []);
  const keys = batch.flatMap((one) => one.keys);
  const skus = batch.flatMap(({ variants }) => variants.map(({ variant }) => variant.sku));
  const found = await tx.execute<{ id: string }>(sql`
    select id from products.products where store_id = ${storeId} and id in ${listOf(ids)}
    union
    select product_id from products.product_keys
    where store_id = ${storeId} and source = ${source} and key in ${listOf(keys)}
    union
    select product_id from products.variants
    where store_id = ${storeId} and sku in ${listOf(skus)}
    union
    select id from products.products
    where store_id = ${storeId} and name_key in ${listOf(namesOf(batch))}`);
  return found.map(({ id }) => id);
};

interface Known extends Record<string, unknown> {
  about: 'slug' | 'key' | 'row';
  /** The slug, the key, or the first and the last row. */
  name: string;
  by: NamedBy;
  product: string;
}

/** The owners of slugs, the products' keys, and how the import's other rows have named them. */
const readKnown = (
  tx: Tx,
  { id, storeId }: Import,
  source: string,
  slugs: string[],
  ids: string[],
) =>
  tx.execute<Known>(sql`
    select 'slug' as about, slug as name, null as by, id as product from products.products
    where store_id = ${storeId} and slug in ${listOf(slugs)}
    union all
    select 'key', key, null, product_id from products.product_keys
    where store_id = ${storeId} and source = ${source} and product_id in ${listOf(ids)}
    union all
    select 'row', min("row")::text || ' ' || max("row")::text, named_by, product_id
    from products.import_rows
    where import_id = ${id} and product_id in ${listOf(ids)} and named_by is not null
    group by named_by, product_id`);

const grouped = <T>(entries: [string, T][]): Map<string, T[]> => {
  const groups = Map.groupBy(entries, ([key]) => key);
  return new Map([...groups].map(([key, list]) => [key, list.map(([, value]) => value)]));
};

const lock = async (tx: Tx, storeId: string, ids: string[]): Promise<Product[]> => {
  if (ids.length === 0) return [];
  const rows = await tx
    .select()
    .from(products)
    .where(and(eq(products.storeId, storeId), inArray(products.id, ids)))
    .orderBy(products.id)
    .for('update');
  return assembleProducts(tx, rows);
};

/** Every product that the batch refers to, locked in the order of ids. */
export const lockPresent = async (
  tx: Tx,
  one: Import,
  source: string,
  batch: PlannedProduct[],
): Promise<Present> => {
  const ids = await findIds(tx, one.storeId, source, batch);
  const stored = await lock(tx, one.storeId, ids);
  const slugs = batch.map(({ slug }) => slug);
  const known = await readKnown(tx, one, source, slugs, ids);
  const byId = new Map<string, Product>(stored.map((product) => [product.id, product]));
  const keys = known.filter(({ about }) => about === 'key');
  const rows = known.filter(({ about }) => about === 'row');
  return {
    byId,
    byKey: new Map(
      keys.flatMap(({ name, product }) => {
        const owner = byId.get(product);
        return owner ? [[name, owner] as const] : [];
      }),
    ),
    bySku: new Map(stored.flatMap((product) => product.variants.map(({ sku }) => [sku, product]))),
    byName: grouped(stored.map((product) => [nameKeyOf(product.name), product])),
    keysOf: grouped(keys.map(({ name, product }) => [product, name])),
    slugOwners: new Map(
      known.filter(({ about }) => about === 'slug').map(({ name, product }) => [name, product]),
    ),
    namings: grouped(
      rows.map(({ name, by, product }): [string, Naming] => [
        product,
        { by, rows: name.split(' ').map(Number) },
      ]),
    ),
  };
};
