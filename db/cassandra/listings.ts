// Pages of products in an order, filtered by the index: one prepared read a bucket, merged.
import type { ProductDocument } from '../projections/document.ts';
import {
  attributeFacet,
  BUCKETS,
  collectionFacet,
  SCOPE_ALL,
  type Sort,
} from '../projections/listing-keys.ts';
import type { Cassandra } from './client.ts';

/** Beyond this many matches a count or facet is no longer exact. */
const COUNTED_MAX = 1_000;

export interface Filter {
  tokens: string[];
  collectionId?: string | undefined;
  attributes: { name: string; value: string }[];
  priceMinMinor?: number | undefined;
  priceMaxMinor?: number | undefined;
  inStock?: boolean | undefined;
}

/** Where a page ended; the sort key in hex. */
export interface Position {
  key: string;
  id: string;
}

export interface Listed {
  document: ProductDocument;
  position: Position;
}

interface Where {
  text: string;
  params: unknown[];
}

const conditions = (filter: Filter): Where => {
  const { collectionId, priceMinMinor, priceMaxMinor, inStock } = filter;
  const facets = [
    ...(collectionId === undefined ? [] : [collectionFacet(collectionId)]),
    ...filter.attributes.map(({ name, value }) => attributeFacet(name, value)),
  ];
  const parts: [string, unknown][] = [
    ...filter.tokens.map((token): [string, unknown] => ['tokens contains ?', token]),
    ...facets.map((facet): [string, unknown] => ['facets contains ?', facet]),
  ];
  if (priceMinMinor !== undefined) parts.push(['price >= ?', BigInt(priceMinMinor)]);
  if (priceMaxMinor !== undefined) parts.push(['price <= ?', BigInt(priceMaxMinor)]);
  if (inStock !== undefined) parts.push(['in_stock = ?', inStock]);
  return {
    text: parts.map(([condition]) => ` and ${condition}`).join(''),
    params: parts.map(([, value]) => value),
  };
};

const PARTITION = 'store_id = ? and scope = ? and sort = ? and bucket = ?';

interface PageAsk {
  storeId: string;
  sort: Sort;
  filter: Filter;
  after: Position | undefined;
  limit: number;
}

const readBucket = async (
  cassandra: Cassandra,
  ask: PageAsk,
  bucket: number,
): Promise<Listed[]> => {
  const where = conditions(ask.filter);
  const { after } = ask;
  const cursor = after ? ' and (sort_key, product_id) > (?, ?)' : '';
  const query = `select sort_key, product_id, document from listings
    where ${PARTITION}${cursor}${where.text} limit ?`;
  const rows = await cassandra.run('listings.page', query, [
    ...[ask.storeId, SCOPE_ALL, ask.sort, bucket],
    ...(after ? [Buffer.from(after.key, 'hex'), after.id] : []),
    ...where.params,
    ask.limit,
  ]);
  return rows.map((row) => ({
    document: JSON.parse(String(row['document'])) as ProductDocument,
    position: {
      key: (row['sort_key'] as Buffer).toString('hex'),
      id: String(row['product_id']),
    },
  }));
};

const compare = (a: Position, b: Position): number => {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.id < b.id ? -1 : 1;
};

/** Up to `limit` products after a position, in order: as many reads as there are buckets. */
export const listPage = async (cassandra: Cassandra, ask: PageAsk): Promise<Listed[]> => {
  const pages = await Promise.all(BUCKETS.map((bucket) => readBucket(cassandra, ask, bucket)));
  return pages
    .flat()
    .sort((a, b) => compare(a.position, b.position))
    .slice(0, ask.limit);
};

export interface Matches {
  count: number;
  exact: boolean;
  /** How many of the matches carry each facet. */
  facets: Map<string, number>;
}

/** Counts matches and their facets; exact up to 1,000. */
export const countMatches = async (
  cassandra: Cassandra,
  storeId: string,
  filter: Filter,
): Promise<Matches> => {
  const where = conditions(filter);
  const query = `select facets from listings where ${PARTITION}${where.text} limit ?`;
  const pages = await Promise.all(
    BUCKETS.map((bucket) =>
      cassandra.run('listings.count', query, [
        ...[storeId, SCOPE_ALL, 'newest', bucket],
        ...where.params,
        COUNTED_MAX + 1,
      ]),
    ),
  );
  const rows = pages.flat();
  const facets = new Map<string, number>();
  for (const row of rows.slice(0, COUNTED_MAX)) {
    for (const facet of (row['facets'] as string[] | null) ?? []) {
      facets.set(facet, (facets.get(facet) ?? 0) + 1);
    }
  }
  return { count: Math.min(rows.length, COUNTED_MAX), exact: rows.length <= COUNTED_MAX, facets };
};
