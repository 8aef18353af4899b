// Sort keys of listings: bytes that compare as their values do, so that one table serves every
// order.
import { sortKeyOf } from '../../domain/text.ts';

/**
 * The stored orders. Cassandra 5.0.6 refuses ORDER BY together with an index, so a descending order
 * is an ascending one of complemented keys.
 */
export const SORTS = ['price_asc', 'price_desc', 'name', 'newest'] as const;
export type Sort = (typeof SORTS)[number];
/** A collection's own order, in the scope of the collection's id. */
export const OWN_ORDER = 'own';
export type Order = Sort | typeof OWN_ORDER;

/** Eight big-endian bytes, so that numbers of zero or more compare as their bytes do. */
const numberKey = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** Reverses the order of comparison. */
const complement = (bytes: Buffer): Buffer => bytes.map((byte) => 255 - byte) as Buffer;

/** A name's key in bytes: names with a common prefix are adjacent. */
export const nameKey = (name: string): Buffer => Buffer.from(sortKeyOf(name));

interface Sortable {
  priceFromMinor: number;
  name: string;
  createdAtUs: number;
}

const SORT_KEYS: Record<Sort, (product: Sortable) => Buffer> = {
  price_asc: ({ priceFromMinor }) => numberKey(priceFromMinor),
  price_desc: ({ priceFromMinor }) => complement(numberKey(priceFromMinor)),
  name: ({ name }) => nameKey(name),
  newest: ({ createdAtUs }) => complement(numberKey(createdAtUs)),
};

export const sortKey = (sort: Sort, product: Sortable): Buffer => SORT_KEYS[sort](product);

/** The key of products without a position, after all positions. */
const NO_POSITION = 2 ** 31;

/** The key of a product's position in a collection's own order. */
export const positionKey = (position: number | undefined): Buffer =>
  numberKey(position ?? NO_POSITION);

/** FNV-1a of the id: buckets bound a partition's size, and a product always has the same one. */
export const bucketOf = (productId: string, buckets: number): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(productId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % buckets;
};

/** The scope that contains every product of a store. */
export const SCOPE_ALL = 'all';
export const collectionFacet = (collectionId: string): string => `collection:${collectionId}`;

/** An equals sign in a name is escaped, so that the first one always ends the name. */
export const attributeFacet = (name: string, value: string): string =>
  `attribute:${name.replaceAll('%', '%25').replaceAll('=', '%3D')}=${value}`;

/** The name that `attributeFacet` escaped. */
export const attributeNameOf = (escaped: string): string =>
  escaped.replaceAll('%3D', '=').replaceAll('%25', '%');
