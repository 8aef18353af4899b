// Suggests completed words, products and collections while a shopper types.
import { listCollections } from '../../db/cassandra/collections.ts';
import { documentOf, readStretch } from '../../db/cassandra/listings.ts';
import { frequencyOf, listByName } from '../../db/cassandra/look-ups.ts';
import { completionsOf, type Term } from '../../db/cassandra/terms.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';
import { invalid } from '../../domain/errors.ts';
import { fold } from '../../domain/text.ts';
import { isPaired, isUnspaced, segmentsOf } from '../../domain/words/scripts.ts';
import type { Language } from '../../domain/words/stems.ts';
import { wordsIn, type Word } from '../../domain/words/words.ts';
import { productNode } from './nodes.ts';
import type { SearchContext } from './context.ts';

const PREFIX_LENGTH_MAX = 100;
const SUGGESTIONS_MAX = 10;
const WORDS_MAX = 10;
/** The most completions that are checked for products. */
const COMPLETIONS_MAX = 8;

export interface SuggestArgs {
  prefix: string;
  first: number;
}

interface Begun {
  /** The complete words before the one being typed. */
  before: Word[];
  word: string;
}

/** Of a script in pairs, the dictionary says which word is being typed. */
const begunOf = (prefix: string, language: Language): Begun => {
  const words = wordsIn(prefix, language)
    .flatMap((word) =>
      isPaired(word.text) ? segmentsOf(word.text).flatMap((one) => wordsIn(one)) : [word],
    )
    .slice(0, WORDS_MAX);
  return { before: words.slice(0, -1), word: words.at(-1)?.text ?? '' };
};

const tokensIn = (words: Word[]): string[] => words.flatMap(({ tokens }) => tokens);

const hasNoBlanks = (word: string): boolean => isPaired(word) || isUnspaced(word);

/** Words in a row as they are written: with blanks, in the scripts that have them. */
const written = (words: string[]): string =>
  words.reduce((text, word, at) => {
    const isClose = hasNoBlanks(words[at - 1] ?? '') && hasNoBlanks(word);
    return at === 0 || isClose ? `${text}${word}` : `${text} ${word}`;
  }, '');

/** Completions with at least one product that also has the words before. */
const liveCompletions = async (
  context: SearchContext,
  { before, word }: Begun,
): Promise<Term[]> => {
  const { tables, storeId } = context;
  const stems = tokensIn(before);
  const completions = await completionsOf(tables, storeId, word);
  const keys = completions.map(({ tokens }) => tokens.join(' '));
  const terms = completions
    .filter((_, at) => keys.indexOf(keys[at] ?? '') === at)
    .slice(0, COMPLETIONS_MAX);
  const counts = await Promise.all(
    terms.map(({ tokens }) => frequencyOf(tables, storeId, [...stems, ...tokens], 1)),
  );
  return terms.filter((_, at) => (counts[at] ?? 0) > 0);
};

const productsWith = async (
  { tables, storeId }: SearchContext,
  begun: Begun,
  terms: Term[],
  first: number,
): Promise<ProductDocument[]> => {
  const before = tokensIn(begun.before);
  const anyOf = terms.map(({ tokens }) => [...before, ...tokens]);
  if (anyOf.length === 0) return [];
  const words = { anyOf, of: [], least: 0 };
  const { found } = await readStretch(
    tables,
    { storeId, sort: 'newest', filter: { words, attributes: [] }, limit: first },
    'document',
  );
  return found.map(({ row }) => documentOf(row));
};

const collectionsLike = async ({ tables, storeId }: SearchContext, { before, word }: Begun) => {
  const all = await listCollections(tables, storeId);
  return all.filter(({ name }) => {
    const words = wordsIn(name).map(({ text }) => text);
    const has = (one: string): boolean =>
      words.includes(one) || (isPaired(one) && fold(name).includes(one));
    const begins = isPaired(word) ? has(word) : words.some((one) => one.startsWith(word));
    return begins && before.every(({ text }) => has(text));
  });
};

/** At most `first` of each kind; names that begin with the whole prefix come first. */
export const suggest = async (context: SearchContext, { prefix, first }: SuggestArgs) => {
  if (first < 1 || first > SUGGESTIONS_MAX) {
    throw invalid('first', `must be 1 to ${SUGGESTIONS_MAX}`);
  }
  if (prefix.length > PREFIX_LENGTH_MAX) throw invalid('prefix', 'is too long');
  const begun = begunOf(prefix, context.language);
  if (begun.word === '') return { words: [], products: [], collections: [] };
  const { tables, storeId } = context;
  const [terms, named, collections] = await Promise.all([
    liveCompletions(context, begun),
    listByName(tables, storeId, fold(prefix).trimStart(), first),
    collectionsLike(context, begun),
  ]);
  const others = await productsWith(context, begun, terms, first);
  const ids = new Set(named.map(({ id }) => id));
  const found = [...named, ...others.filter(({ id }) => !ids.has(id))].slice(0, first);
  return {
    words: terms
      .slice(0, first)
      .map(({ word }) => written([...begun.before.map(({ text }) => text), word])),
    products: found.map((document) => productNode(document, context.stockOf)),
    collections: collections.slice(0, first),
  };
};
