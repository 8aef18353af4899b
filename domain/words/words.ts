// Finds the words of a text, for the catalogue's index and for shoppers' queries.
import { fold } from '../text.ts';
import {
  codeOf,
  DECIMAL_CODE,
  decimalCodeOf,
  LETTERS,
  MEASURE,
  measureOf,
  numberOf,
  PLAIN_NUMBER,
  SIZE,
  sizeOf,
  type Quantity,
} from './numbers.ts';
import {
  charactersOf,
  letterPairsOf,
  isPaired,
  isUnspaced,
  PAIRED,
  pairsOf,
  segmentsOf,
  UNSPACED,
} from './scripts.ts';
import { stemOf } from './stems.ts';

const TOKEN_LENGTH_MAX = 40;
/** The longest code joined of parts with hyphens. */
const JOINED_LENGTH_MAX = 24;

/** A word: what is indexed for it, and what a query of it requires. */
export interface Word {
  /** As written, folded; numbers in their one form. */
  text: string;
  /** What a product has that matches the word, in order. */
  tokens: string[];
  /** What finds the word besides: parts of a code or a size, single characters. */
  parts: string[];
  /** The smaller words that a query means when no product matches this one. */
  pieces: string[];
}

const POSSESSIVE = /['’]s(?![\p{L}\p{N}])/gu;

/** The kinds of words, in the order in which they are tried. */
const KINDS = {
  size: SIZE,
  measure: MEASURE,
  code: DECIMAL_CODE,
  number: PLAIN_NUMBER,
  paired: `${PAIRED}+`,
  unspaced: `${UNSPACED}+`,
  plain: `${LETTERS}[[\\p{L}\\p{N}\\p{M}]--${PAIRED}--${UNSPACED}]*`,
} as const;
type Kind = keyof typeof KINDS;
const WORD = new RegExp(
  Object.entries(KINDS)
    .map(([kind, pattern]) => `(?<${kind}>${pattern})`)
    .join('|'),
  'gv',
);

const cut = (token: string): string => token.slice(0, TOKEN_LENGTH_MAX);

const quantityWord = ({ whole, parts, pieces }: Quantity): Word => ({
  text: cut(whole),
  tokens: [cut(whole)],
  parts: parts.map(cut).map(stemOf),
  pieces,
});

const plainWord = (text: string): Word => {
  const word = cut(text);
  if (/\d/.test(word)) return quantityWord(codeOf(word));
  return { text: word, tokens: [stemOf(word)], parts: [], pieces: [] };
};

const pairedWord = (text: string): Word => {
  const [, ...others] = text;
  const parts = others.length > 0 ? charactersOf(text) : [];
  return { text, tokens: pairsOf(text), parts, pieces: [] };
};

/** The dictionary's words; the pairs of the whole run find words that it has not parted. */
const segmentWords = (run: string): Word[] =>
  segmentsOf(run).map((text, at) => ({
    text,
    tokens: [cut(text)],
    parts: at === 0 ? letterPairsOf(run).map(cut) : [],
    pieces: [],
  }));

const MAKERS: Record<Kind, (text: string) => Word[]> = {
  size: (text) => [quantityWord(sizeOf(text))],
  measure: (text) => [quantityWord(measureOf(text))],
  code: (text) => [quantityWord(decimalCodeOf(text))],
  number: (text) => [quantityWord({ whole: numberOf(text), parts: [], pieces: [] })],
  paired: (text) => [pairedWord(text)],
  unspaced: segmentWords,
  plain: (text) => [plainWord(text)],
};

interface Written {
  kind: Kind;
  text: string;
  start: number;
}

const writtenIn = (text: string): { folded: string; words: Written[] } => {
  const folded = fold(text).replace(POSSESSIVE, '').replaceAll('\u2044', '/');
  const words = [...folded.matchAll(WORD)].map(({ groups = {}, index, 0: matched }): Written => {
    const kind = (Object.keys(KINDS) as Kind[]).find((one) => groups[one] !== undefined);
    return { kind: kind ?? 'plain', text: matched, start: index };
  });
  return { folded, words };
};

/** "WH-1000XM4" joined: letters and digits with one mark between, as far as they go. */
const joinedOf = (folded: string, words: Written[], at: number): string | undefined => {
  const isNext = (one: Written, next: Written | undefined): next is Written =>
    next !== undefined &&
    ['plain', 'number'].includes(next.kind) &&
    /^[-._]$/.test(folded.slice(one.start + one.text.length, next.start));
  const first = words[at];
  const before = words[at - 1];
  if (first?.kind !== 'plain' && first?.kind !== 'number') return undefined;
  if (before && isNext(before, first)) return undefined;
  let [joined, last, next] = [first.text, first, words[at + 1]];
  for (let ahead = at + 2; isNext(last, next); ahead++) {
    [joined, last, next] = [`${joined}${next.text}`, next, words[ahead]];
  }
  const isCode = joined !== first.text && /\d/.test(joined) && /\p{L}/u.test(joined);
  return isCode && joined.length <= JOINED_LENGTH_MAX ? joined : undefined;
};

/** The words of a text in order; "Daybird's" is `daybird`. */
export const wordsIn = (text: string): Word[] => {
  const { folded, words } = writtenIn(text);
  return words.flatMap((written, at) => {
    const joined = joinedOf(folded, words, at);
    const made = MAKERS[written.kind](written.text);
    if (joined) made[0]?.parts.push(joined);
    return made;
  });
};

/** The words of a long text: of scripts without blanks those of the dictionary alone. */
export const wordsInLong = (text: string): Word[] =>
  wordsIn(text).flatMap((word) =>
    isPaired(word.text)
      ? segmentsOf(word.text)
          .filter((segment) => segment.length > 1)
          .map(pairedWord)
      : [word],
  );

/**
 * The smaller words that a query means when no product matches one of its words: the dictionary's
 * words, the numbers of a size, the number without its unit. The word itself when there are none.
 */
export const looser = (word: Word): Word[] => {
  if (isPaired(word.text)) return segmentsOf(word.text).map(pairedWord);
  if (isUnspaced(word.text)) return [{ ...word, tokens: letterPairsOf(word.text).map(cut) }];
  return word.pieces.length > 0 ? word.pieces.map(plainWord) : [word];
};
