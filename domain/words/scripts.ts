// Words of scripts that are written without blanks: a segmenter's words, and pairs of characters.

const LETTER = '[\\p{L}\\p{M}\\p{Nl}]';
const OF_PAIRED = '[\\p{scx=Han}\\p{scx=Hira}\\p{scx=Kana}\\p{scx=Hang}\\p{scx=Bopo}]';
/** Han, kana and Hangul, as a class of a regular expression: two characters are often a word. */
export const PAIRED = `[${OF_PAIRED}&&${LETTER}]`;
/** Alphabets without blanks, whose single characters say little. */
export const UNSPACED = `[[\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]&&${LETTER}]`;

const PAIRED_ONLY = new RegExp(`^${PAIRED}+$`, 'v');
const UNSPACED_ONLY = new RegExp(`^${UNSPACED}+$`, 'v');
/** Where the scripts begin in Unicode: most words are below, and are tested without a pattern. */
const PAIRED_FROM = 0x1100;
const UNSPACED_FROM = 0x0e00;
export const isPaired = (text: string): boolean =>
  text.charCodeAt(0) >= PAIRED_FROM && PAIRED_ONLY.test(text);
export const isUnspaced = (text: string): boolean =>
  text.charCodeAt(0) >= UNSPACED_FROM && UNSPACED_ONLY.test(text);

/** The dictionaries of these scripts do not depend on the locale. */
const WORDS = new Intl.Segmenter('en', { granularity: 'word' });
const CLUSTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The words of a run by the dictionary, which may part a name otherwise than a query. */
export const segmentsOf = (run: string): string[] =>
  [...WORDS.segment(run)].filter((one) => one.isWordLike).map(({ segment }) => segment);

const pairs = (units: string[]): string[] =>
  units.length < 2 ? units : units.slice(1).map((unit, at) => `${units[at]}${unit}`);

/** Every two neighbouring characters; of one character itself. */
export const pairsOf = (run: string): string[] => pairs(Array.from(run));

/**
 * The same of letters with their marks. A tilde keeps them apart from words: two letters of an
 * alphabet are in many.
 */
export const letterPairsOf = (run: string): string[] =>
  pairs([...CLUSTERS.segment(run)].map(({ segment }) => segment)).map((pair) => `~${pair}`);

const MEANINGFUL = /^[\p{sc=Han}\p{sc=Hang}]$/v;
/** The characters that are words by themselves: those of Han and Hangul, not of kana. */
export const charactersOf = (run: string): string[] =>
  Array.from(run).filter((character) => MEANINGFUL.test(character));
