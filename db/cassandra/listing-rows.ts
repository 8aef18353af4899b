// A product's rows in the listings: one for each order it stands in, all of the same content.
import { isInStock, type ProductDocument, type Projected } from '../projections/document.ts';
import {
  attributeFacet,
  collectionFacet,
  OWN_ORDER,
  positionKey,
  SCOPE_ALL,
  sortKey,
  SORTS,
} from '../projections/listing-keys.ts';
import { rankingOf, tokensIn } from '../projections/listing-text.ts';
import type { Statement } from './client.ts';

/** A listing row's key, kept beside the product: sort, hex of the sort key, scope unless `all`. */
export type ListingKey = [sort: string, key: string, scope?: string];

const facetsOf = (document: ProductDocument): string[] => [
  ...document.collectionIds.map(collectionFacet),
  ...Object.entries(document.attributes).map(([name, value]) => attributeFacet(name, value)),
];

const INSERT_LISTING = `insert into listings (store_id, scope, sort, bucket, sort_key, product_id,
  tokens, facets, price, in_stock, ranking, document)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const DELETE_LISTING = `delete from listings where store_id = ? and scope = ? and sort = ?
  and bucket = ? and sort_key = ? and product_id = ?`;
const UPDATE_STOCK = `update listings set in_stock = ? where store_id = ? and scope = ? and sort = ?
  and bucket = ? and sort_key = ? and product_id = ?`;
/** What shoppers may find; undefined for a draft, an archived or a deleted product. */
export const listed = (next: Projected): ProductDocument | undefined =>
  !next.deleted && next.document?.status === 'published' ? next.document : undefined;

export const keysOf = (document: ProductDocument | undefined): ListingKey[] =>
  document
    ? [
        ...SORTS.map((sort): ListingKey => [sort, sortKey(sort, document).toString('hex')]),
        ...document.collectionIds.map((id): ListingKey => [
          OWN_ORDER,
          positionKey(document.places?.[id]).toString('hex'),
          id,
        ]),
      ]
    : [];

/** Whose rows, and where they lie. */
export interface Partition {
  storeId: string;
  productId: string;
  bucket: number;
}

/** The primary key of one of its rows, in the order of the table's columns. */
const primaryKey = (
  { storeId, productId, bucket }: Partition,
  [sort, key, scope = SCOPE_ALL]: ListingKey,
): unknown[] => [storeId, scope, sort, bucket, Buffer.from(key, 'hex'), productId];

export const listingWrites = (partition: Partition, next: Projected): Statement[] => {
  const document = listed(next);
  if (!document) return [];
  const shared = [
    tokensIn(document),
    facetsOf(document),
    BigInt(document.priceFromMinor),
    isInStock(next),
    rankingOf(document),
    JSON.stringify(document),
  ];
  return keysOf(document).map((key) => ({
    query: INSERT_LISTING,
    params: [...primaryKey(partition, key), ...shared],
  }));
};

/** Rows of keys that are no longer in the set; a key that stays is overwritten, never deleted. */
export const listingDeletes = (
  partition: Partition,
  before: ListingKey[],
  after: ListingKey[],
): Statement[] => {
  const kept = new Set(after.map((key) => key.join()));
  return before
    .filter((key) => !kept.has(key.join()))
    .map((key) => ({ query: DELETE_LISTING, params: primaryKey(partition, key) }));
};

/** Only whether there is any: its words stay as they are, and indexing them is what costs. */
export const stockWrites = (
  partition: Partition,
  next: Projected,
  keys: ListingKey[],
): Statement[] =>
  keys.map((key) => ({
    query: UPDATE_STOCK,
    params: [isInStock(next), ...primaryKey(partition, key)],
  }));
