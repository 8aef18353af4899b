// Assembles products from their rows, in one statement per table.
import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { CollectionId, ProductId, StoreId } from '../../../domain/ids.ts';
import { currencyOf } from '../../../domain/money.ts';
import type { Product, Variant } from '../../../domain/product.ts';
import { prepared, type Db, type Tx } from '../client.ts';
import { productCollections, products, UNPOSITIONED, variants } from '../schema/products.ts';

export type ProductRow = typeof products.$inferSelect;
type MemberRow = typeof productCollections.$inferSelect;
type Placing = Pick<MemberRow, 'collectionId' | 'position'>;
type VariantRow = typeof variants.$inferSelect;

/** The next clock of a row: wall time in microseconds, but always above the previous one. */
export const nextClockUs = (column: AnyPgColumn) =>
  sql<number>`greatest((extract(epoch from clock_timestamp()) * 1000000)::bigint, ${column} + 1)`;

export const firstClockUs = () =>
  sql<number>`(extract(epoch from clock_timestamp()) * 1000000)::bigint`;

/** The columns that every change of a product also sets. */
export const nextVersion = () => ({
  version: sql`${products.version} + 1`,
  clockUs: nextClockUs(products.clockUs),
  updatedAt: new Date(),
});

const variantOf = (row: Omit<VariantRow, 'storeId' | 'productId'>): Variant => ({
  sku: row.sku,
  title: row.title,
  options: row.options,
  priceMinor: row.priceMinor,
  currency: currencyOf(row.currency),
  position: row.position,
  ...(row.compareAtMinor !== null && { compareAtMinor: row.compareAtMinor }),
});

/** The product's positions in the collections that define one. */
export const positionsOf = (rows: Placing[]) =>
  Object.fromEntries(
    rows
      .filter(({ position }) => position !== UNPOSITIONED)
      .map(({ collectionId, position }) => [collectionId, position]),
  );

const productOf = (
  row: Omit<ProductRow, 'nameKey'>,
  variantRows: Omit<VariantRow, 'storeId' | 'productId'>[],
  memberRows: Placing[],
): Product => ({
  id: row.id as ProductId,
  storeId: row.storeId as StoreId,
  slug: row.slug,
  name: row.name,
  description: row.description,
  status: row.status,
  attributes: row.attributes,
  media: row.media,
  version: row.version,
  clockUs: row.clockUs,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  collectionIds: memberRows.map((one) => one.collectionId as CollectionId),
  positions: positionsOf(memberRows),
  variants: variantRows.map(variantOf),
});

/** Adds variants and collections to product rows: two statements for any number of rows. */
export const assembleProducts = async (db: Db | Tx, rows: ProductRow[]): Promise<Product[]> => {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row.id);
  const [variantRows, memberRows] = await Promise.all([
    db
      .select()
      .from(variants)
      .where(inArray(variants.productId, ids))
      .orderBy(asc(variants.position), asc(variants.sku)),
    db
      .select()
      .from(productCollections)
      .where(inArray(productCollections.productId, ids))
      .orderBy(asc(productCollections.collectionId)),
  ]);
  const variantsOf = Map.groupBy(variantRows, (variant) => variant.productId);
  const membersOf = Map.groupBy(memberRows, (member) => member.productId);
  return rows.map((row) => {
    return productOf(row, variantsOf.get(row.id) ?? [], membersOf.get(row.id) ?? []);
  });
};

/** One product of one store, locked against other writers. */
export const lockProductRow = async (
  tx: Tx,
  storeId: StoreId,
  id: string,
): Promise<ProductRow | undefined> => {
  const [row] = await tx
    .select()
    .from(products)
    .where(and(eq(products.storeId, storeId), eq(products.id, id)))
    .for('update');
  return row;
};

/** The result of `read_product`: a row with its variants and collections, times as text. */
type Read = Omit<ProductRow, 'createdAt' | 'updatedAt' | 'nameKey'> & {
  createdAt: string;
  updatedAt: string;
  variants: Omit<VariantRow, 'storeId' | 'productId'>[] | null;
  members: Placing[] | null;
};

/** One product with variants and collections in one statement, as its store sees it. */
export const readProduct = async (
  db: Db,
  storeId: StoreId,
  id: string,
): Promise<Product | undefined> => {
  const statement = sql`select products.read_product(${storeId}, ${id}) as product`;
  const [found] = await prepared<{ product: Read | null }>(db, statement);
  if (!found?.product) return undefined;
  const { variants: variantRows, members, createdAt, updatedAt, ...row } = found.product;
  const times = { createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
  return productOf({ ...row, ...times }, variantRows ?? [], members ?? []);
};
