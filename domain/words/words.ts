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
import { DEFAULT_LANGUAGE, stemOf, type Language } from './stems.ts';

const TOKEN_LENGTH_MAX = 40;
/** The longest code joined of parts with hyphens. */
const JOINED_LENGTH_MAX = 24;

/** A word: what is indexed for it, and what a query of it requires. */
export interface Word {
  /** As written, folded; numbers in their one form. */
  text: string;
  /** What a product has that matches the word, in order; stems are of one language. */
  tokens: string[];
  /** What finds the word besides: parts of a code or a size, single characters. */
  parts: string[];
  /** The smaller words that a query means when no product matches this one. */
  pieces: string[];
}

const POSSESSIVE = /['’]s(?![\p{L}\p{N}])/gu;

/** The kinds of words with digits, in the order in which they are tried. */
const NUMBERS = { size: SIZE, measure: MEASURE, code: DECIMAL_CODE, number: PLAIN_NUMBER } as const;
type Kind = keyof typeof NUMBERS | 'paired' | 'unspaced' | 'plain';
const WORD = new RegExp(
  [
    ...Object.values(NUMBERS),
    `${PAIRED}+`,
    `${UNSPACED}+`,
    `${LETTERS}[[\\p{L}\\p{N}\\p{M}]--${PAIRED}--${UNSPACED}]*`,
  ].join('|'),
  'gv',
);
const WHOLE_NUMBERS = Object.entries(NUMBERS).map(([kind, pattern]): [Kind, RegExp] => [
  kind as Kind,
  new RegExp(`^(?:${pattern})$`, 'v'),
]);

/** Judged from the word itself: named groups make matching several times slower. */
const kindOf = (word: string): Kind => {
  if (isPaired(word)) return 'paired';
  if (isUnspaced(word)) return 'unspaced';
  if (!/\d/.test(word)) return 'plain';
  return WHOLE_NUMBERS.find(([, pattern]) => pattern.test(word))?.[0] ?? 'plain';
};

const cut = (token: string): string => token.slice(0, TOKEN_LENGTH_MAX);

const quantityWord = ({ whole, parts, pieces }: Quantity): Word => ({
  text: cut(whole),
  tokens: [cut(whole)],
  parts: parts.map((part) => stemOf(cut(part), DEFAULT_LANGUAGE)),
  pieces,
});

const plainWord = (text: string, language: Language): Word => {
  const word = cut(text);
  if (/\d/.test(word)) return quantityWord(codeOf(word));
  const tokens = [stemOf(word, language)];
  return { text: word, tokens, parts: [], pieces: [] };
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

const MAKERS: Record<Kind, (text: string, language: Language) => Word[]> = {
  size: (text) => [quantityWord(sizeOf(text))],
  measure: (text) => [quantityWord(measureOf(text))],
  code: (text) => [quantityWord(decimalCodeOf(text))],
  number: (text) => [quantityWord({ whole: numberOf(text), parts: [], pieces: [] })],
  paired: (text) => [pairedWord(text)],
  unspaced: segmentWords,
  plain: (text, language) => [plainWord(text, language)],
};

interface Written {
  kind: Kind;
  text: string;
  start: number;
}

const writtenIn = (text: string): { folded: string; words: Written[] } => {
  const folded = fold(text).replace(POSSESSIVE, '').replaceAll('\u2044', '/');
  const words: Written[] = [];
  folded.replace(WORD, (word, start: number) => {
    words.push({ kind: kindOf(word), text: word, start });
    return word;
  });
  return { folded, words };
};

const JOINING = new Set(['-', '.', '_']);
const canJoin = ({ kind }: Written): boolean => kind === 'plain' || kind === 'number';

/** "WH-1000XM4" joined: letters and digits with one mark between, as far as they go. */
const joinedOf = (folded: string, words: Written[], at: number): string | undefined => {
  const isJoined = (one: Written, next: Written): boolean => {
    if (!canJoin(one) || !canJoin(next)) return false;
    const end = one.start + one.text.length;
    return next.start === end + 1 && JOINING.has(folded.charAt(end));
  };
  const first = words[at];
  const before = words[at - 1];
  if (!first || (before && isJoined(before, first))) return undefined;
  let [joined, last] = [first.text, first];
  for (let ahead = at + 1; ahead < words.length; ahead++) {
    const next = words[ahead];
    if (!next || !isJoined(last, next)) break;
    [joined, last] = [`${joined}${next.text}`, next];
  }
  const isCode = last !== first && /\d/.test(joined) && /\p{L}/u.test(joined);
  return isCode && joined.length <= JOINED_LENGTH_MAX ? joined : undefined;
};

/** The words of a text in order; "Daybird's" is `daybird`. */
export const wordsIn = (text: string, language: Language = DEFAULT_LANGUAGE): Word[] => {
  const { folded, words } = writtenIn(text);
  return words.flatMap((written, at) => {
    const joined = joinedOf(folded, words, at);
    const made = MAKERS[written.kind](written.text, language);
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
 * What a query means when no product has one of its words: the dictionary's smaller words, the
 * numbers of a size, the number without its unit, else the word as an English one.
 */
export const looser = (word: Word, language: Language = DEFAULT_LANGUAGE): Word[] => {
  if (isPaired(word.text)) return segmentsOf(word.text).map(pairedWord);
  if (isUnspaced(word.text)) return [{ ...word, tokens: letterPairsOf(word.text).map(cut) }];
  return word.pieces.length > 0
    ? word.pieces.map((piece) => plainWord(piece, language))
    : wordsIn(word.text);
};
