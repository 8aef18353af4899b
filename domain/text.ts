// Normalises text into words, stems and sort keys, for the catalogue's index and for queries.

const TOKENS_MAX = 200;
const TOKEN_LENGTH_MAX = 40;

/**
 * Marks of letters that are letters without them. The marks of Indic scripts and of Thai are their
 * vowels and tones, and those of kana another sound: they stay.
 */
const ACCENTS =
  /[[[\p{sc=Zinh}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Hebr}\p{sc=Arab}]&&\p{M}]--[\u3099\u309A]]+/gv;
const SOFT_HYPHENS = /\u00AD/g;

/**
 * Latin letters that NFKD leaves whole, as CLDR's Latin-ASCII writes them, and the Greek final
 * sigma, whose lower case depends on the next letter.
 */
const LETTERS = new Map<string, string>(
  `æ:ae œ:oe ø:o ɔ:o ɵ:o ß:ss þ:th ð:d đ:d ɖ:d ɗ:d ə:e ǝ:e ɛ:e ɇ:e ƀ:b ɓ:b ȼ:c ƒ:f ǥ:g ɣ:g ħ:h
  ı:i ɨ:i ɩ:i ȷ:j ɉ:j ĸ:q ƙ:k ł:l ƚ:l ɫ:l ŋ:n ɲ:n ɍ:r ŧ:t ƭ:t ʉ:u ʋ:v ƴ:y ɏ:y ƶ:z ʒ:z ⱥ:a ς:σ`
    .split(/\s+/)
    .map((pair) => [pair.charAt(0), pair.slice(2)]),
);
const UNDECOMPOSED = new RegExp(`[${[...LETTERS.keys()].join('')}]`, 'g');

/**
 * Lower case without accents (Unicode NFKD), so that "Crème" and "creme" are one word, as are
 * "Łopata" and "lopata", "Straße" and "strasse".
 */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(SOFT_HYPHENS, '')
    .replace(ACCENTS, '')
    .toLowerCase()
    .replace(UNDECOMPOSED, (letter) => LETTERS.get(letter) ?? letter)
    .normalize('NFC');

const SORT_KEY_BYTES_MAX = 64;
const UTF8 = new TextEncoder();

/**
 * The key that names sort by everywhere: folded, its bytes in UTF-8 compared, as Postgres'
 * `collate "C"` compares text and Cassandra blobs. Cut after 64 bytes, never within a character.
 */
export const sortKeyOf = (name: string): string => {
  const key = fold(name).toWellFormed();
  const { read } = UTF8.encodeInto(key, new Uint8Array(SORT_KEY_BYTES_MAX));
  return key.slice(0, read);
};

/** The folded words in order, unstemmed: "Daybird's" is `daybird`. */
export const wordsOf = (text: string): string[] =>
  (
    fold(text)
      .replace(/['’]s(?![\p{L}\p{N}])/gu, '')
      .match(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu) ?? []
  ).map((word) => word.slice(0, TOKEN_LENGTH_MAX));

/** Stop words. A query uses them only when it has no other words; names and labels match them. */
export const EMPTY_WORDS: ReadonlySet<string> = new Set(
  'a an and by for from in of on or the to with'.split(' '),
);

/** Irregular plurals. */
const IRREGULAR: Record<string, string> = {
  men: 'man',
  women: 'woman',
  children: 'child',
  feet: 'foot',
  teeth: 'tooth',
  mice: 'mouse',
  knives: 'knife',
  shelves: 'shelf',
  scarves: 'scarf',
  wolves: 'wolf',
};

/** Turns a plural into a singular by the simple English endings; other words stay. */
const singular = (word: string): string => {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word))
    return word.slice(0, -1);
  return word;
};

const irregular = (word: string): string =>
  Object.hasOwn(IRREGULAR, word) ? (IRREGULAR[word] ?? word) : word;

/** A verb whose ending can be removed: a stem of three letters with a vowel, not ending in `ee`. */
const VERB = /^([a-z]*[aeiouy][a-z]*?)(?:ing|ed)$/;
const STEM_LENGTH_MIN = 3;

const withoutVerbEnding = (word: string): string => {
  const stem = VERB.exec(word)?.[1] ?? '';
  if (stem.length < STEM_LENGTH_MIN || word.endsWith('eed')) return word;
  const isDoubled = stem.at(-1) === stem.at(-2) && /[bdfgklmnprt]$/.test(stem);
  return isDoubled && (stem.length > 4 || !stem.endsWith('l')) ? stem.slice(0, -1) : stem;
};

/** Removes a silent `e`, so that "hiking" finds "hike"; never after a vowel ("shoe"). */
const withoutSilentE = (word: string): string =>
  /^[a-z]{2,}[^aeiou]e$/.test(word) ? word.slice(0, -1) : word;

/**
 * The stem of a folded word: singular, without -ing and -ed, without a silent e. A light form of
 * Porter's first step (1980); words with digits or non-Latin letters stay.
 */
export const stemOf = (word: string): string => {
  const one = irregular(singular(irregular(word)));
  return /^[a-z]+$/.test(one) ? withoutSilentE(withoutVerbEnding(one)) : one;
};

/** The distinct stems of a text's words, at most 200. */
export const tokensOf = (text: string): string[] =>
  [...new Set(wordsOf(text).map(stemOf))].slice(0, TOKENS_MAX);
