// Sort keys of listings: bytes that compare as the values do, so one table serves every order.
import { fold } from '../../domain/text.ts';

/**
 * One clustering a direction: Cassandra 5.0.6 refuses ORDER BY together with an index, so a
 * descending order is an ascending one of complemented keys.
 */
export const SORTS = ['price_asc', 'price_desc', 'name', 'newest'] as const;
export type Sort = (typeof SORTS)[number];
/** The order of a collection's own, in the scope of its id. */
export const OWN_ORDER = 'own';
export type Order = Sort | typeof OWN_ORDER;

const NAME_BYTES_MAX = 64;

/** Eight big-endian bytes: numbers of zero or more compare as their bytes do. */
const numberKey = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};

/** Compares the other way round. */
const complement = (bytes: Buffer): Buffer => bytes.map((byte) => 255 - byte) as Buffer;

/** A name's key: its folded bytes, so that names that begin alike lie together. */
export const nameKey = (name: string): Buffer =>
  Buffer.from(fold(name)).subarray(0, NAME_BYTES_MAX);

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

/** After every place that a collection gives. */
const NO_POSITION = 2 ** 31;

/** Where a product stands in a collection's own order. */
export const positionKey = (place: number | undefined): Buffer => numberKey(place ?? NO_POSITION);

/** FNV-1a of the id: buckets bound a partition, and a product is always in the same one. */
export const bucketOf = (productId: string, buckets: number): number => {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(productId)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash % buckets;
};

/** The scope that every product of a store is in. */
export const SCOPE_ALL = 'all';
export const collectionFacet = (collectionId: string): string => `collection:${collectionId}`;

/** An equals sign in a name is escaped, so that the first one always ends the name. */
export const attributeFacet = (name: string, value: string): string =>
  `attribute:${name.replaceAll('%', '%25').replaceAll('=', '%3D')}=${value}`;

/** The name that `attributeFacet` escaped. */
export const attributeNameOf = (escaped: string): string =>
  escaped.replaceAll('%3D', '=').replaceAll('%25', '%');
