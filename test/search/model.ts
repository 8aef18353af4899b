// Models the search as a plain list in memory: the expected result of any query.
import type { Ware } from '../support/read-side.ts';

export const SORTS = [
  'RELEVANCE',
  'NEWEST',
  'PRICE_ASC',
  'PRICE_DESC',
  'NAME',
  'COLLECTION',
] as const;

export interface SearchInput {
  text?: string;
  sort: (typeof SORTS)[number];
  collectionId?: string;
  attributes?: { name: string; value: string }[];
  priceMin?: number;
  priceMax?: number;
  inStock?: boolean;
}

/** Attributes and options of variants as `name=value`, each once. */
const valuesOf = ({ attributes = {}, options = [] }: Ware): Set<string> =>
  new Set(
    [attributes, ...options]
      .flatMap((one) => Object.entries(one))
      .map(([name, value]) => `${name}=${value}`),
  );

const wordsOf = (ware: Ware): Set<string> => {
  const values = [...valuesOf(ware)].map((one) => one.slice(one.indexOf('=') + 1));
  return new Set([ware.name, ware.description ?? '', ...values].join(' ').split(' '));
};

/** All words, and where no product has all: at least half of them, all but two at most. */
const withWords = (wares: Ware[], text: string): Ware[] => {
  const words = text.split(' ');
  const having = (least: number): Ware[] =>
    wares.filter((ware) => {
      const own = wordsOf(ware);
      return words.filter((word) => own.has(word)).length >= least;
    });
  const all = having(words.length);
  if (all.length > 0) return all;
  return having(Math.max(Math.ceil(words.length / 2), words.length - 2));
};

/** Every text of these catalogues is plain ASCII in lower case: no folding is needed here. */
const compare = <T>(a: T, b: T): number => {
  if (a === b) return 0;
  return a < b ? -1 : 1;
};

const NO_POSITION = Number.POSITIVE_INFINITY;
const placeIn = (ware: Ware, collectionId: string | undefined): number =>
  ware.positions?.[collectionId ?? ''] ?? NO_POSITION;

type Compare = (a: Ware, b: Ware, question: SearchInput) => number;
const ORDERS: Record<SearchInput['sort'], Compare> = {
  RELEVANCE: (a, b) => b.createdAtUs - a.createdAtUs,
  NEWEST: (a, b) => b.createdAtUs - a.createdAtUs,
  PRICE_ASC: (a, b) => a.priceMinor - b.priceMinor,
  PRICE_DESC: (a, b) => b.priceMinor - a.priceMinor,
  NAME: (a, b) => compare(a.name, b.name),
  COLLECTION: (a, b, { collectionId: id }) => compare(placeIn(a, id), placeIn(b, id)),
};

const passes = (question: SearchInput) => (ware: Ware) => {
  const { collectionId, attributes = [], priceMin, priceMax, inStock } = question;
  return (
    (collectionId === undefined || (ware.collectionIds ?? []).includes(collectionId)) &&
    attributes.every(({ name, value }) => valuesOf(ware).has(`${name}=${value}`)) &&
    (priceMin === undefined || ware.priceMinor >= priceMin * 100) &&
    (priceMax === undefined || ware.priceMinor <= priceMax * 100) &&
    (inStock === undefined || (ware.available ?? 0) > 0 === inStock)
  );
};

/** Words are matched in the whole catalogue; filters only narrow. Equal ones are sorted by id. */
export const answered = (wares: Ware[], question: SearchInput): Ware[] => {
  const worded = question.text ? withWords(wares, question.text) : wares;
  const order = ORDERS[question.sort];
  return worded
    .filter(passes(question))
    .sort((a, b) => order(a, b, question) || compare(a.id, b.id));
};

/** How many of these products have each value of each facet. */
export const facetsOf = (wares: Ware[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const ware of wares) {
    const facets = [
      ...valuesOf(ware),
      ...(ware.collectionIds ?? []).map((id) => `collection=${id}`),
    ];
    for (const facet of facets) counts[facet] = (counts[facet] ?? 0) + 1;
  }
  return counts;
};
