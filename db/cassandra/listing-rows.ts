// Builds a product's listing rows: one per sort order and scope, all with the same content.
import { isInStock, type ProductDocument, type Projected } from './product-document.ts';
import {
  attributeFacet,
  collectionFacet,
  OWN_ORDER,
  positionKey,
  SCOPE_ALL,
  sortKey,
  SORTS,
} from './listing-keys.ts';
import { listingTextOf } from './listing-text.ts';
import type { RowWrite } from './row-groups.ts';

/** A listing row's key, stored with the product: sort, hex of the sort key, scope unless `all`. */
export type ListingKey = [sort: string, key: string, scope?: string];

/** Each listing row indexes every facet. */
const FACETS_MAX = 200;

/** A name that is both an attribute's and an option's is one facet. */
export const facetsOf = ({ collectionIds, attributes, variants }: ProductDocument): string[] => {
  const values = [attributes, ...variants.map(({ options }) => options)].flatMap(Object.entries);
  const facets = values.map(([name, value]) => attributeFacet(name, value));
  return [...new Set([...collectionIds.map(collectionFacet), ...facets])].slice(0, FACETS_MAX);
};

const INSERT_LISTING = `insert into listings (store_id, scope, sort, bucket, sort_key, product_id,
  tokens, facets, price, in_stock, ranking, document)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) using timestamp ?`;
const DELETE_LISTING = `delete from listings using timestamp ?
  where store_id = ? and scope = ? and sort = ? and bucket = ? and sort_key = ? and product_id = ?`;
const UPDATE_STOCK = `update listings using timestamp ? set in_stock = ?
  where store_id = ? and scope = ? and sort = ? and bucket = ? and sort_key = ? and product_id = ?`;
/** The document that shoppers can find; undefined for draft, archived and deleted products. */
export const listed = ({
  deleted,
  document,
}: Pick<Projected, 'deleted' | 'document'>): ProductDocument | undefined =>
  !deleted && document?.status === 'published' ? document : undefined;

export const keysOf = (document: ProductDocument | undefined): ListingKey[] =>
  document
    ? [
        ...SORTS.map((sort): ListingKey => [sort, sortKey(sort, document).toString('hex')]),
        ...document.collectionIds.map((id): ListingKey => [
          OWN_ORDER,
          positionKey(document.positions?.[id]).toString('hex'),
          id,
        ]),
      ]
    : [];

/** The product whose rows these are, their bucket, and the timestamp of this write. */
export interface Written {
  storeId: string;
  productId: string;
  bucket: number;
  timestampUs: number;
}

/** The primary key of one row, in the order of the table's columns. */
const primaryKey = (
  { storeId, productId, bucket }: Written,
  [sort, key, scope = SCOPE_ALL]: ListingKey,
): unknown[] => [storeId, scope, sort, bucket, Buffer.from(key, 'hex'), productId];

const rowWrite = (
  written: Written,
  key: ListingKey,
  query: string,
  params: unknown[],
): RowWrite => {
  const [sort, , scope = SCOPE_ALL] = key;
  const { storeId, bucket } = written;
  return { partition: `${storeId}/${scope}/${sort}/${bucket}`, statement: { query, params } };
};

export const listingWrites = (written: Written, next: Projected): RowWrite[] => {
  const document = listed(next);
  if (!document) return [];
  const { tokens, ranking } = listingTextOf(document);
  const shared = [
    tokens,
    facetsOf(document),
    BigInt(document.priceFromMinor),
    isInStock(next),
    ranking,
    JSON.stringify(document),
    BigInt(written.timestampUs),
  ];
  return keysOf(document).map((key) =>
    rowWrite(written, key, INSERT_LISTING, [...primaryKey(written, key), ...shared]),
  );
};

/** Deletes rows whose keys are no longer used; a key still in use is overwritten, never deleted. */
export const listingDeletes = (
  written: Written,
  before: ListingKey[],
  after: ListingKey[],
): RowWrite[] => {
  const kept = new Set(after.map((key) => key.join()));
  return before
    .filter((key) => !kept.has(key.join()))
    .map((key) => {
      const params = [BigInt(written.timestampUs), ...primaryKey(written, key)];
      return rowWrite(written, key, DELETE_LISTING, params);
    });
};

/**
 * Updates only the stock column: rewriting the words would index them again, which is expensive.
 */
export const stockWrites = (written: Written, next: Projected, keys: ListingKey[]): RowWrite[] =>
  keys.map((key) => {
    const set = [BigInt(written.timestampUs), isInStock(next)];
    return rowWrite(written, key, UPDATE_STOCK, [...set, ...primaryKey(written, key)]);
  });
