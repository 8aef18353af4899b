// Extracts a product's words: tokens to match, fields to rank by, and the vocabulary.
import { isPaired, segmentsOf } from '../../domain/words/scripts.ts';
import { isAnyStopWord, isEnglish, otherStemsOf } from '../../domain/words/stems.ts';
import { wordsIn, wordsInLong, type Word } from '../../domain/words/words.ts';
import type { ProductDocument } from './product-document.ts';

/** Each listing row indexes every token. */
const TOKENS_MAX = 200;
/** Parts of words among them, so that long names and many skus leave room for the description. */
const PARTS_MAX = 40;

/** The token of a whole name or sku, matched only by a query of all its words. */
export const exactToken = (text: string): string =>
  `=${wordsIn(text)
    .map((word) => word.text)
    .join(' ')}`;

/** A product's stems by field, with blanks between. */
export interface RankingFields {
  /** The words of the name in order: each its stems in every language, with bars between. */
  name: string[];
  /** Attributes, skus, titles and options of variants. */
  labels: string;
  rest: string;
  /** Parts of the name's words; absent in rows of earlier versions. */
  nameParts: string;
}

/**
 * A word shoppers may type; completions and corrections use it only when it is a label or name
 * word.
 */
export interface KnownWord {
  word: string;
  /** The tokens that match the word, with blanks between. */
  stem: string;
  isLabel: boolean;
}

/** What Search keeps of a product's text. */
export interface ListingText {
  /** At most 200, and one for the name and each sku. */
  tokens: string[];
  /** The ranking fields as one text stored with the listing, one line each. */
  ranking: string;
}

const labelsOf = ({ attributes, variants }: ProductDocument): string =>
  [
    ...Object.values(attributes),
    ...variants.flatMap(({ sku, title, options }) => [sku, title, ...Object.values(options)]),
  ].join('\n\n');

interface ProductWords {
  name: Word[];
  labels: Word[];
  described: Word[];
  /** Whether the description is English beyond doubt. */
  isEnglishText: boolean;
}

/** Without stop words in the description: nearly every one has them, and each row indexes them. */
const findWords = (document: ProductDocument): ProductWords => {
  const described = wordsInLong(document.description);
  return {
    name: wordsIn(document.name),
    labels: wordsIn(labelsOf(document)),
    described: described.filter(({ text }) => !isAnyStopWord(text)),
    isEnglishText: isEnglish(described.map(({ text }) => text)),
  };
};

const found = new WeakMap<ProductDocument, ProductWords>();

/** The vocabulary and the listing of one document have the same words, which take long to find. */
const productWords = (document: ProductDocument): ProductWords => {
  const words = found.get(document) ?? findWords(document);
  found.set(document, words);
  return words;
};

const distinct = <T>(list: T[]): T[] => [...new Set(list)];
/** The stems in every language, because a store may choose another one at any time. */
const tokensIn = (words: Word[]): string[] =>
  distinct(words.flatMap(({ text, tokens }) => [...tokens, ...otherStemsOf(text)]));
/** A word of the name as it is ranked. */
const rankedOf = ({ text, tokens }: Word): string[] => {
  const others = otherStemsOf(text);
  return others.length > 0 ? [[...tokens, ...others].join('|')] : tokens;
};
const partsIn = (words: Word[]): string[] => distinct(words.flatMap(({ parts }) => parts));

const LETTERS_ONLY = /^[\p{L}\p{M}]{3,30}$/u;
const PART_NUMBER = /^\p{L}(?=.*\d)[\p{L}\d]{4,29}$/u;

/** The words that consist of letters only; of scripts in pairs the dictionary's. */
const knownOf = (words: Word[], isLabel: boolean): KnownWord[] =>
  words
    .flatMap((word) =>
      isPaired(word.text) ? segmentsOf(word.text).flatMap((one) => wordsIn(one)) : [word],
    )
    .filter(({ text, tokens: [first = ''] }) =>
      isPaired(text) ? first.length > 1 : LETTERS_ONLY.test(text),
    )
    .map(({ text, tokens }) => ({ word: text, stem: tokens.join(' '), isLabel }));

/** The part numbers of a name, which are completed only. */
const partNumbersOf = (name: Word[]): KnownWord[] =>
  name
    .filter(({ text }) => PART_NUMBER.test(text))
    .map(({ text, tokens }) => ({ word: text, stem: tokens.join(' '), isLabel: true }));

/** Each word once, as a label where it is one. */
export const vocabularyOf = (document: ProductDocument): KnownWord[] => {
  const { name, labels, described } = productWords(document);
  const labelled = [...knownOf([...name, ...labels], true), ...partNumbersOf(name)];
  const words = [...labelled, ...knownOf(described, false)];
  return [...new Map(words.toReversed().map((one) => [one.word, one])).values()];
};

/** The description has stems of one language when it is English, else of all. */
const describedTokens = ({ described, isEnglishText }: ProductWords): string[] =>
  isEnglishText ? distinct(described.flatMap(({ tokens }) => tokens)) : tokensIn(described);

export const listingTextOf = (document: ProductDocument): ListingText => {
  const words = productWords(document);
  const { name, labels } = words;
  const parts = partsIn([...name, ...labels]).slice(0, PARTS_MAX);
  const nameParts = partsIn(name).filter((part) => parts.includes(part));
  const ofName = tokensIn(name);
  const ofLabels = distinct([...tokensIn(labels), ...parts]);
  const all = distinct([...ofName, ...ofLabels, ...describedTokens(words)]).slice(0, TOKENS_MAX);
  const strong = new Set([...ofName, ...nameParts]);
  const lines = [
    name.flatMap(rankedOf),
    ofLabels.filter((token) => !strong.has(token)),
    all.filter((token) => !strong.has(token) && !ofLabels.includes(token)),
    nameParts,
  ];
  const wholes = [document.name, ...document.variants.map(({ sku }) => sku)];
  return {
    tokens: [...all, ...distinct(wholes.map(exactToken))],
    ranking: lines.map((tokens) => tokens.join(' ')).join('\n'),
  };
};

/** Whether a list in one text has this entry; a page asks tens of thousands of times. */
const isListed = (list: string, entry: string, mark: ' ' | '|'): boolean => {
  for (let at = list.indexOf(entry); at >= 0; at = list.indexOf(entry, at + 1)) {
    const end = at + entry.length;
    const begins = at === 0 || list[at - 1] === mark;
    if (begins && (end === list.length || list[end] === mark)) return true;
  }
  return false;
};

/** Whether a field has this token. */
export const hasToken = (field: string, token: string): boolean => isListed(field, token, ' ');

/** Whether a ranked word of the name has this stem. */
export const hasStem = (ranked: string, stem: string): boolean =>
  ranked === stem || isListed(ranked, stem, '|');

export const rankingFields = (ranking: string): RankingFields => {
  const [name, labels = '', rest = '', nameParts = ''] = ranking.split('\n');
  return { name: name ? name.split(' ') : [], labels, rest, nameParts };
};
