// Lists the products that match a query, sorted, page by page; counts them when requested.
import { z } from 'zod';
import { listPage, type Filter, type Position } from '../../db/cassandra/listings.ts';
import { countMatches, type Matches } from '../../db/cassandra/matches.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';
import { attributeNameOf, OWN_ORDER, type Order } from '../../db/cassandra/listing-keys.ts';
import { invalid } from '../../domain/errors.ts';
import { DEFAULT_CURRENCY, minorFromNumber } from '../../domain/money.ts';
import { LIMIT_MAX } from '../http/cursors.ts';
import { productNode } from './nodes.ts';
import { refusing } from '../http/graphql/engine.ts';
import type { SearchContext } from './context.ts';
import { relevantPage, type RelevanceCursor } from './relevance.ts';
import { plainMeaning, rewritten, type Meaning } from './words.ts';

const TEXT_LENGTH_MAX = 200;
const ATTRIBUTES_MAX = 10;
const CURSOR_LENGTH_MAX = 8_000;

export interface ProductsArgs {
  text?: string;
  collectionId?: string;
  attributes?: { name: string; value: string }[];
  priceMin?: number;
  priceMax?: number;
  inStock?: boolean;
  sort?: 'RELEVANCE' | 'NEWEST' | 'PRICE_ASC' | 'PRICE_DESC' | 'NAME' | 'COLLECTION' | null;
  first: number;
  after?: string;
}

/** A query without words has no relevance: it is sorted by newest first. */
const ORDERS: Record<NonNullable<ProductsArgs['sort']>, Order> = {
  RELEVANCE: 'newest',
  NEWEST: 'newest',
  PRICE_ASC: 'price_asc',
  PRICE_DESC: 'price_desc',
  NAME: 'name',
  COLLECTION: OWN_ORDER,
};

const minor = (path: string, amount: number | undefined): number | undefined =>
  amount === undefined || amount === null
    ? undefined
    : minorFromNumber(amount, DEFAULT_CURRENCY, path);

const filterOf = (args: ProductsArgs): Filter => {
  const { text = '', attributes = [] } = args;
  if ((text ?? '').length > TEXT_LENGTH_MAX) throw invalid('text', 'is too long');
  if ((attributes ?? []).length > ATTRIBUTES_MAX) throw invalid('attributes', 'are too many');
  return {
    collectionId: args.collectionId ?? undefined,
    attributes: attributes ?? [],
    priceMinMinor: minor('priceMin', args.priceMin),
    priceMaxMinor: minor('priceMax', args.priceMax),
    inStock: args.inStock ?? undefined,
  };
};

const positionShape = z.object({ key: z.string(), id: z.string() });
const cursorShape = z.object({
  weights: z.array(z.number()),
  from: positionShape.optional(),
  upTo: positionShape.optional(),
  score: z.number().optional(),
  at: positionShape,
});
const wordsShape = z.object({
  anyOf: z.array(z.array(z.string())),
  of: z.array(z.string()),
  least: z.number(),
});
/** The cursor's content: the words as interpreted for the first page, and the page's end. */
const bookmarkShape = z.object({
  meaning: z.object({ words: wordsShape, exact: z.string() }).optional(),
  position: positionShape.optional(),
  cursor: cursorShape.optional(),
});
interface Bookmark {
  meaning: Meaning | undefined;
  position?: Position | undefined;
  cursor?: RelevanceCursor | undefined;
}

/** `collection:<id>` and `attribute:<name>=<value>`, as the projector writes them. */
const FACET = /^(?:(collection):|attribute:([^=]*)=)(.*)$/s;

const facetNodes = (counts: Map<string, number>, exact: boolean) => {
  const names = new Map<string, { value: string; count: number }[]>();
  for (const [facet, count] of counts) {
    const [, collection, attribute, value = ''] = FACET.exec(facet) ?? [];
    const name = collection ?? attributeNameOf(attribute ?? '');
    const values = names.get(name) ?? [];
    values.push({ value, count });
    names.set(name, values);
  }
  return [...names].map(([name, values]) => ({
    name,
    values: values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
    exact,
  }));
};

interface SearchInput {
  filter: Filter;
  sort: NonNullable<ProductsArgs['sort']>;
  first: number;
  mark: Bookmark | undefined;
}

interface MarkedPage {
  items: { document: ProductDocument; mark: Bookmark }[];
  next: Bookmark | undefined;
  /** Takes the counts from the rows of the page when they suffice. */
  matches?: Matches | undefined;
}

const pageOf = async (
  { tables, storeId, counts }: SearchContext,
  { filter, sort, first, mark }: SearchInput,
  meaning: Meaning | undefined,
): Promise<MarkedPage> => {
  if (sort === 'RELEVANCE' && meaning) {
    const input = { storeId, filter, meaning, after: mark?.cursor, first, counts };
    const { items, next, matches } = await relevantPage(tables, input);
    return {
      items: items.map(({ document, cursor }) => ({ document, mark: { meaning, cursor } })),
      next: next && { meaning, cursor: next },
      matches,
    };
  }
  const { items, next } = await listPage(tables, {
    storeId,
    sort: ORDERS[sort],
    filter: { ...filter, words: meaning?.words },
    after: mark?.position,
    first,
  });
  return {
    items: items.map(({ document, position }) => ({ document, mark: { meaning, position } })),
    next: next && { meaning, position: next },
  };
};

/** Tries the words as typed, and interprets them only when no product has them all. */
const understoodPage = async (
  context: SearchContext,
  input: SearchInput,
  text: string,
): Promise<{ page: MarkedPage; meaning: Meaning | undefined }> => {
  const plain = input.mark ? input.mark.meaning : plainMeaning(text, context.language);
  const page = await pageOf(context, input, plain);
  if (!plain || input.mark || page.items.length > 0) return { page, meaning: plain };
  const meaning = await rewritten(context, text);
  return { page: await pageOf(context, input, meaning), meaning };
};

/** A cursor belongs to its words and its sort: a cursor of another query is refused. */
const bookmarkOf = ({ cursors }: SearchContext, list: string, after: string): Bookmark => {
  if (after.length > CURSOR_LENGTH_MAX) throw invalid('cursor', 'is not one of ours');
  return bookmarkShape.parse(JSON.parse(cursors.open(list, after))) as Bookmark;
};

/** A Relay connection; `matches` and `facets` are computed only when they are selected. */
export const products = async (context: SearchContext, args: ProductsArgs) => {
  const { first } = args;
  const text = args.text ?? '';
  const sort = args.sort ?? (plainMeaning(text, context.language) ? 'RELEVANCE' : 'NEWEST');
  if (sort === 'COLLECTION' && !args.collectionId) {
    throw invalid('sort', 'COLLECTION is the order of a collection: send collectionId');
  }
  if (first < 1 || first > LIMIT_MAX) throw invalid('first', `must be 1 to ${LIMIT_MAX}`);
  const { tables, cursors, storeId } = context;
  const filter = filterOf(args);
  const list = `search/${sort}/${text}`;
  const mark = args.after ? bookmarkOf(context, list, args.after) : undefined;
  const sealed = (one: Bookmark): string => cursors.seal(list, JSON.stringify(one));
  const { page, meaning } = await understoodPage(context, { filter, sort, first, mark }, text);
  const edges = page.items.map(({ document, mark: own }) => ({
    cursor: () => sealed(own),
    node: productNode(document, context.stockOf),
  }));
  let counting: Promise<Matches> | undefined;
  const counted = async (): Promise<Matches> =>
    page.matches ??
    (counting ??= countMatches(tables, storeId, { ...filter, words: meaning?.words }));
  return {
    edges,
    pageInfo: {
      hasNextPage: page.next !== undefined,
      hasPreviousPage: mark !== undefined,
      startCursor: () => edges[0]?.cursor() ?? null,
      endCursor: () => (page.next ? sealed(page.next) : (edges.at(-1)?.cursor() ?? null)),
    },
    matches: () =>
      refusing(async () => {
        const { count, exact } = await counted();
        return { count, exact };
      }),
    facets: () =>
      refusing(async () => {
        const { facets, exact } = await counted();
        return facetNodes(facets, exact);
      }),
    asOf: () => refusing(context.asOf),
  };
};
