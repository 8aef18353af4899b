// Pages by relevance: scores a window of candidates; products beyond it are newest first.
import { bucketOf } from '../../db/cassandra/listing-keys.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import {
  comparePositions,
  listPage,
  readStretch,
  shareOf,
  type Filter,
  type Position,
} from '../../db/cassandra/listings.ts';
import { matchesIn, type Matches } from '../../db/cassandra/matches.ts';
import { documentsAt } from '../../db/cassandra/look-ups.ts';
import { EXACT_SCORE, fieldsOf, scoreOf, wordWeights } from './ranking.ts';
import type { Meaning } from './words.ts';

/**
 * Scored candidates, chosen so that 1,000 matches are all scored, however they fall into buckets.
 */
const WINDOW = 1_200;
/** More products of one exact name than this are not all listed first. */
const EXACT_PER_BUCKET = 25;

/** The state that a later page needs to continue where this one ended. */
export interface RelevanceCursor {
  /** The weights of the window's words, so that later changes move no score. */
  weights: number[];
  /** The window: from its newest product to its oldest; without an end it has all matches. */
  from: Position | undefined;
  upTo: Position | undefined;
  /** The last product listed; without a score it was beyond the window. */
  score: number | undefined;
  at: Position;
}

export interface RelevantPage {
  items: { document: ProductDocument; cursor: RelevanceCursor }[];
  next: RelevanceCursor | undefined;
  /** The counts, on a first page where the ranked rows suffice for them. */
  matches?: Matches | undefined;
}

interface SearchInput {
  storeId: string;
  filter: Filter;
  meaning: Meaning;
  after: RelevanceCursor | undefined;
  first: number;
  /** Whether the matches are counted too, from the same rows. */
  counts: boolean;
}

interface Candidate {
  position: Position;
  ranking: string;
  isExact: boolean;
}

interface Scored {
  position: Position;
  score: number;
}

const exactOnes = async (tables: TableSet, input: SearchInput): Promise<Candidate[]> => {
  const tokens = [input.meaning.exact];
  const words = { anyOf: [tokens], of: tokens, least: 1 };
  const filter = { ...input.filter, words };
  const { storeId } = input;
  const limit = EXACT_PER_BUCKET;
  const { found } = await readStretch(
    tables,
    { storeId, sort: 'newest', filter, limit },
    'ranking',
  );
  return found.map(({ position, row }) => ({
    position,
    ranking: String(row['ranking'] ?? ''),
    isExact: true,
  }));
};

interface Window {
  candidates: Candidate[];
  from: Position | undefined;
  upTo: Position | undefined;
  matches?: Matches | undefined;
}

/** Later pages keep the window of the first: a product added since then is not in it. */
const readWindow = async (tables: TableSet, input: SearchInput): Promise<Window> => {
  const { storeId, filter, meaning, after } = input;
  const limit = shareOf(WINDOW, tables);
  const counts = input.counts && !after;
  const stretch = await readStretch(
    tables,
    {
      storeId,
      sort: 'newest',
      filter: { ...filter, words: meaning.words },
      from: after?.from,
      upTo: after?.upTo,
      limit: after ? 2 * limit : limit,
    },
    counts ? 'ranking, facets' : 'ranking',
  );
  const { found, end } = stretch;
  const candidates = found.map(({ position, row }) => ({
    position,
    ranking: String(row['ranking'] ?? ''),
    isExact: false,
  }));
  if (after) return { candidates, from: after.from, upTo: after.upTo };
  const matches = counts ? matchesIn(stretch) : undefined;
  return { candidates, from: found[0]?.position, upTo: end, matches };
};

const byScore = (a: Scored, b: Scored): number =>
  b.score - a.score || comparePositions(a.position, b.position);

/** Pages beyond the window, without the products that an exact name has put first. */
const pageBeyond = async (
  tables: TableSet,
  { storeId, filter, meaning, first }: SearchInput,
  from: Position,
  shown: Set<string>,
  base: Omit<RelevanceCursor, 'score' | 'at'>,
): Promise<RelevantPage> => {
  const page = await listPage(tables, {
    storeId,
    sort: 'newest',
    filter: { ...filter, words: meaning.words },
    after: from,
    first,
  });
  const cursorOf = (at: Position): RelevanceCursor => ({ ...base, score: undefined, at });
  return {
    items: page.items
      .filter(({ document }) => !shown.has(document.id))
      .map(({ document, position }) => ({ document, cursor: cursorOf(position) })),
    next: page.next && cursorOf(page.next),
  };
};

const idsOf = (candidates: Candidate[]): Set<string> =>
  new Set(candidates.map(({ position }) => position.id));

/** The page of scored candidates, filled from beyond the window where necessary. */
const rankedPage = async (
  tables: TableSet,
  input: SearchInput,
  exact: Candidate[],
  { candidates, from, upTo }: Window,
): Promise<RelevantPage> => {
  const { storeId, after, first, meaning } = input;
  const shown = idsOf(exact);
  const all = [...exact, ...candidates.filter(({ position }) => !shown.has(position.id))];
  const fields = all.map(({ ranking }) => fieldsOf(ranking));
  const { of } = meaning.words;
  const weights = after?.weights ?? wordWeights(of, fields);
  const scored = all.map(({ position, isExact }, at): Scored => {
    const own = fields[at] ? scoreOf(fields[at], of, weights) : 0;
    return { position, score: own + (isExact ? EXACT_SCORE : 0) };
  });
  const last = after && { position: after.at, score: after.score ?? 0 };
  const left = scored.filter((one) => !last || byScore(one, last) > 0).sort(byScore);
  const chosen = left.slice(0, first);
  const documents = await documentsAt(
    tables,
    storeId,
    chosen.map(({ position }) => ({ position, bucket: bucketOf(position.id, tables.buckets) })),
  );
  const base = { weights, from, upTo };
  const items = chosen.flatMap(({ position, score }) => {
    const document = documents.get(position.id);
    return document ? [{ document, cursor: { ...base, score, at: position } }] : [];
  });
  const end = chosen.at(-1);
  if (left.length > first && end) {
    return { items, next: { ...base, score: end.score, at: end.position } };
  }
  if (!upTo) return { items, next: undefined };
  const rest = { ...input, first: first - items.length };
  if (rest.first <= 0) return { items, next: { ...base, score: undefined, at: upTo } };
  const beyond = await pageBeyond(tables, rest, upTo, shown, base);
  return { items: [...items, ...beyond.items], next: beyond.next };
};

/** The first page, or the one after `after`. */
export const relevantPage = async (tables: TableSet, input: SearchInput): Promise<RelevantPage> => {
  const { after } = input;
  if (after && after.score === undefined) {
    return pageBeyond(tables, input, after.at, idsOf(await exactOnes(tables, input)), after);
  }
  const [exact, window] = await Promise.all([exactOnes(tables, input), readWindow(tables, input)]);
  return { ...(await rankedPage(tables, input, exact, window)), matches: window.matches };
};
