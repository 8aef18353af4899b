// Extracts a product's words: tokens to match, fields to rank by, and the vocabulary.
import { EMPTY_WORDS, stemOf, tokensOf, wordsOf } from '../../domain/text.ts';
import type { ProductDocument } from './product-document.ts';

/** The token of a whole name or sku, matched only by a query of all its words. */
export const exactToken = (text: string): string => `=${wordsOf(text).join(' ')}`;

/** A product's stems by field; those of the name are in order. */
export interface RankingFields {
  name: string[];
  /** Attributes, skus, titles and options of variants. */
  labels: string[];
  rest: string[];
}

const labelsOf = ({ attributes, variants }: ProductDocument): string =>
  [
    ...Object.values(attributes),
    ...variants.flatMap(({ sku, title, options }) => [sku, title, ...Object.values(options)]),
  ].join(' ');

/** Leaves out stop words: nearly every description has them, and each row would index them. */
const significantOf = (text: string): string =>
  wordsOf(text)
    .filter((word) => !EMPTY_WORDS.has(word))
    .join(' ');

const textOf = (document: ProductDocument): string =>
  [document.name, labelsOf(document), significantOf(document.description)].join(' ');

/** At most 200 stems, and one token for the name and each sku. */
export const tokensIn = (document: ProductDocument): string[] => [
  ...tokensOf(textOf(document)),
  ...new Set([document.name, ...document.variants.map(({ sku }) => sku)].map(exactToken)),
];

/** The ranking fields as one text stored with the listing, one line each. */
export const rankingOf = (document: ProductDocument): string => {
  const name = wordsOf(document.name).map(stemOf);
  const all = tokensOf(textOf(document));
  const labels = tokensOf(labelsOf(document)).filter((token) => !name.includes(token));
  const known = new Set([...name, ...labels]);
  const rest = all.filter((token) => !known.has(token));
  return [name, labels, rest].map((tokens) => tokens.join(' ')).join('\n');
};

const listOf = (line: string | undefined): string[] => (line ? line.split(' ') : []);

export const rankingFields = (ranking: string): RankingFields => {
  const [name, labels, rest] = ranking.split('\n');
  return { name: listOf(name), labels: listOf(labels), rest: listOf(rest) };
};

const WORD = /^\p{L}{3,30}$/u;

/**
 * A word shoppers may type; completions and corrections use it only when it is a label or name
 * word.
 */
export interface KnownWord {
  word: string;
  stem: string;
  isLabel: boolean;
}

/** The words that consist of letters only, each once. */
export const vocabularyOf = (document: ProductDocument): KnownWord[] => {
  const strong = new Set(wordsOf(`${document.name} ${labelsOf(document)}`));
  return [...new Set(wordsOf(textOf(document)))]
    .filter((word) => WORD.test(word))
    .map((word) => ({ word, stem: stemOf(word), isLabel: strong.has(word) }));
};
