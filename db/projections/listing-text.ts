// A product's words for the index: tokens to find by, fields to rank by, words to know.
import { EMPTY_WORDS, stemOf, tokensOf, wordsOf } from '../../domain/text.ts';
import type { ProductDocument } from './document.ts';

/** The token of a whole name or sku: only one who writes all of it finds by it. */
export const exactToken = (text: string): string => `=${wordsOf(text).join(' ')}`;

/** A product's stems by the field they stand in; those of the name in their order. */
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

/** Nearly every description has the empty words, and each row's index would carry them. */
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

/** The fields as one text beside the listing, a line each: read by the thousand. */
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

/** A word as shoppers may type it: suggested and misspelt only when a name or label has it. */
export interface KnownWord {
  word: string;
  stem: string;
  isLabel: boolean;
}

/** The words of letters alone, each once. */
export const vocabularyOf = (document: ProductDocument): KnownWord[] => {
  const strong = new Set(wordsOf(`${document.name} ${labelsOf(document)}`));
  return [...new Set(wordsOf(textOf(document)))]
    .filter((word) => WORD.test(word))
    .map((word) => ({ word, stem: stemOf(word), isLabel: strong.has(word) }));
};
