// Small reads of the listings: documents at positions, name prefixes, word frequencies.
import { types } from 'cassandra-driver';
import type { ProductDocument } from './product-document.ts';
import { nameKey, SCOPE_ALL } from './listing-keys.ts';
import {
  documentOf,
  PARTITION,
  readStretch,
  type Position,
  type StretchInput,
} from './listings.ts';
import { eachBucket, type TableSet } from './table-sets.ts';

/** The documents of these rows of the newest-first order; rows that have moved are left out. */
export const documentsAt = async (
  tables: TableSet,
  storeId: string,
  positions: { position: Position; bucket: number }[],
): Promise<Map<string, ProductDocument>> => {
  const query = `select product_id, document from listings
    where ${PARTITION} and (sort_key, product_id) in ?`;
  const reads = await eachBucket(tables, async (bucket) => {
    const keys = positions
      .filter((one) => one.bucket === bucket)
      .map(({ position }) => new types.Tuple(Buffer.from(position.key, 'hex'), position.id));
    if (keys.length === 0) return [];
    const where = [storeId, SCOPE_ALL, 'newest', bucket];
    return tables.run('listings.documents', query, [...where, keys]);
  });
  const rows = reads.flat();
  return new Map(rows.map((row) => [String(row['product_id']), documentOf(row)]));
};

/** How many products have all these words, counted up to `upTo` per bucket. */
export const frequencyOf = async (
  tables: TableSet,
  storeId: string,
  tokens: string[],
  upTo: number,
): Promise<number> => {
  const words = { anyOf: [tokens], of: tokens, least: tokens.length };
  const input: StretchInput = {
    storeId,
    sort: 'newest',
    filter: { words, attributes: [] },
    limit: upTo,
  };
  return (await readStretch(tables, input, 'price')).found.length;
};

/** Products whose folded name has this prefix, sorted by name. */
export const listByName = async (
  tables: TableSet,
  storeId: string,
  beginning: string,
  limit: number,
): Promise<ProductDocument[]> => {
  const from = nameKey(beginning);
  const end = Buffer.concat([from, Buffer.from([0xff])]);
  const query = `select sort_key, product_id, document from listings
    where ${PARTITION} and sort_key >= ? and sort_key < ? limit ?`;
  const reads = await eachBucket(tables, (bucket) =>
    tables.run('listings.names', query, [storeId, SCOPE_ALL, 'name', bucket, from, end, limit]),
  );
  return reads
    .flat()
    .sort((a, b) => Buffer.compare(a['sort_key'] as Buffer, b['sort_key'] as Buffer))
    .slice(0, limit)
    .map(documentOf);
};
