// Reads filtered products in a sort order: prepared reads of every bucket, merged.
import type { ProductDocument } from './product-document.ts';
import { hasStem, hasToken, rankingFields } from './listing-text.ts';
import {
  attributeFacet,
  collectionFacet,
  OWN_ORDER,
  SCOPE_ALL,
  type Order,
} from './listing-keys.ts';
import type { Row } from './client.ts';
import { eachBucket, type TableSet } from './table-sets.ts';

/** Reads per page when few of the rows read match. */
const STRETCHES_MAX = 5;
/** Standard deviations above its even share that are read of each bucket. */
const SHARE_DEVIATIONS = 3;

/** The words a product must have: all words of one list, and at least `least` of `of`. */
export interface Words {
  anyOf: string[][];
  of: string[];
  least: number;
}

export interface Filter {
  words?: Words | undefined;
  collectionId?: string | undefined;
  attributes: { name: string; value: string }[];
  priceMinMinor?: number | undefined;
  priceMaxMinor?: number | undefined;
  inStock?: boolean | undefined;
}

/** A row's position in its order, with the sort key in hex. */
export interface Position {
  key: string;
  id: string;
}

interface Found {
  position: Position;
  row: Row;
}

/** Rows in order up to where reading stopped; without an end everything was read. */
export interface Stretch {
  found: Found[];
  end: Position | undefined;
}

export const comparePositions = (a: Position, b: Position): number => {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
};

type Condition = [text: string, ...values: unknown[]];

const filterConditions = ({ filter, sort }: StretchInput, tokens: string[]): Condition[] => {
  const { collectionId, priceMinMinor, priceMaxMinor, inStock } = filter;
  const facets = [
    ...(collectionId === undefined || sort === OWN_ORDER ? [] : [collectionFacet(collectionId)]),
    ...filter.attributes.map(({ name, value }) => attributeFacet(name, value)),
  ];
  const conditions: Condition[] = [
    ...tokens.map((token): Condition => ['tokens contains ?', token]),
    ...facets.map((facet): Condition => ['facets contains ?', facet]),
  ];
  if (priceMinMinor !== undefined) conditions.push(['price >= ?', BigInt(priceMinMinor)]);
  if (priceMaxMinor !== undefined) conditions.push(['price <= ?', BigInt(priceMaxMinor)]);
  if (inStock !== undefined) conditions.push(['in_stock = ?', inStock]);
  return conditions;
};

const rangeConditions = ({ after, from, upTo }: StretchInput): Condition[] => {
  const bound = (sign: string, at: Position | undefined): Condition[] =>
    at ? [[`(sort_key, product_id) ${sign} (?, ?)`, Buffer.from(at.key, 'hex'), at.id]] : [];
  // One lower bound is enough: a cursor is always behind the start.
  return [...(after ? bound('>', after) : bound('>=', from)), ...bound('<=', upTo)];
};

export const PARTITION = 'store_id = ? and scope = ? and sort = ? and bucket = ?';

export interface StretchInput {
  storeId: string;
  /** A collection's own order requires the filter's collection. */
  sort: Order;
  filter: Filter;
  after?: Position | undefined;
  from?: Position | undefined;
  upTo?: Position | undefined;
  /** Rows read of each bucket. */
  limit: number;
}

const positionOf = (row: Row): Position => ({
  key: (row['sort_key'] as Buffer).toString('hex'),
  id: String(row['product_id']),
});

/** Several word lists are read separately and merged. */
const isUnion = ({ words }: Filter): boolean => (words?.anyOf.length ?? 0) > 1;

const hasEnough = ({ of, least }: Words, row: Row): boolean => {
  const { name, labels, rest, nameParts } = rankingFields(String(row['ranking'] ?? ''));
  const isThere = (word: string): boolean =>
    name.some((one) => hasStem(one, word)) ||
    [labels, rest, nameParts].some((field) => hasToken(field, word));
  return of.filter(isThere).length >= least;
};

/** Reads each bucket once per word list; the result ends where the first of them stopped. */
export const readStretch = async (
  tables: TableSet,
  input: StretchInput,
  columns: string,
): Promise<Stretch> => {
  const { words, collectionId = SCOPE_ALL } = input.filter;
  const scope = input.sort === OWN_ORDER ? collectionId : SCOPE_ALL;
  const lists = words?.anyOf ?? [[]];
  const read = async (tokens: string[], bucket: number): Promise<Found[]> => {
    const conditions = [...rangeConditions(input), ...filterConditions(input, tokens)];
    const where = [PARTITION, ...conditions.map(([text]) => text)].join(' and ');
    const selected = isUnion(input.filter) ? `${columns}, ranking` : columns;
    const query = `select sort_key, product_id, ${selected}
      from listings where ${where} limit ?`;
    const rows = await tables.run('listings.read', query, [
      input.storeId,
      scope,
      input.sort,
      bucket,
      ...conditions.flatMap(([, ...values]) => values),
      input.limit,
    ]);
    return rows.map((row) => ({ position: positionOf(row), row }));
  };
  const reads = (
    await Promise.all(lists.map((tokens) => eachBucket(tables, (bucket) => read(tokens, bucket))))
  ).flat();
  const cut = reads.flatMap((found) =>
    found.length === input.limit ? (found.at(-1)?.position ?? []) : [],
  );
  const end = cut.sort(comparePositions)[0];
  const sorted = reads.flat().sort((a, b) => comparePositions(a.position, b.position));
  const isIn = ({ position, row }: Found, at: number): boolean =>
    (!end || comparePositions(position, end) <= 0) &&
    (!isUnion(input.filter) ||
      (sorted[at - 1]?.position.id !== position.id && (!words || hasEnough(words, row))));
  return { found: sorted.filter(isIn), end };
};

/**
 * Rows to read of each bucket so that the first `wanted` rows overall are nearly always among them.
 * Ids spread evenly, so a bucket has its share plus a few deviations. Otherwise reading continues.
 */
export const shareOf = (wanted: number, { buckets }: Pick<TableSet, 'buckets'>): number => {
  const even = wanted / buckets;
  return Math.min(wanted, Math.ceil(even + SHARE_DEVIATIONS * Math.sqrt(even)));
};

interface Wanted {
  rows: number;
  /** Further reads of a union whose rows may seldom have enough of its words. */
  unionStretches: number;
}

/** Reads on until enough rows are found or everything was read. */
export const readAtLeast = async (
  tables: TableSet,
  input: Omit<StretchInput, 'limit'>,
  { rows, unionStretches }: Wanted,
  columns: string,
): Promise<Stretch> => {
  const [limit, stretches] = isUnion(input.filter)
    ? [rows, unionStretches]
    : [shareOf(rows, tables), Number.POSITIVE_INFINITY];
  const found: Found[] = [];
  let end = input.after;
  for (let round = 0; round < stretches && found.length < rows; round++) {
    const stretch = await readStretch(tables, { ...input, after: end, limit }, columns);
    found.push(...stretch.found);
    end = stretch.end;
    if (!end) break;
  }
  return { found, end };
};

/** The document stored in a listing row. */
export const documentOf = (row: Row): ProductDocument =>
  JSON.parse(String(row['document'])) as ProductDocument;

export interface Listed {
  document: ProductDocument;
  position: Position;
}

export interface Page {
  items: Listed[];
  /** The start of the next page; absent on the last one. */
  next: Position | undefined;
}

interface PageInput {
  storeId: string;
  sort: Order;
  filter: Filter;
  after: Position | undefined;
  first: number;
}

/** Up to `first` products after a position, in order: one read per bucket. */
export const listPage = async (tables: TableSet, input: PageInput): Promise<Page> => {
  const wanted = { rows: input.first + 1, unionStretches: STRETCHES_MAX };
  const { found, end } = await readAtLeast(tables, input, wanted, 'document');
  const items = found.slice(0, input.first);
  return {
    // A slow, replaced writer can leave a stock-only row of a deleted product; it is skipped.
    items: items.flatMap(({ position, row }) =>
      row['document'] ? [{ position, document: documentOf(row) }] : [],
    ),
    next: found.length > input.first ? items.at(-1)?.position : end,
  };
};
