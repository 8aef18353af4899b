// Words of a text as the catalogue's index and a shopper's query both see them.

const TOKENS_MAX = 200;
const TOKEN_LENGTH_MAX = 40;

/** Lower case without accents (Unicode NFKD), so that "Crème" and "creme" are one word. */
export const fold = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase();

/** The folded words in their order, as they were written: "Daybird's" is `daybird`. */
export const wordsOf = (text: string): string[] =>
  (
    fold(text)
      .replace(/['’]s(?![\p{L}\p{N}])/gu, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  ).map((word) => word.slice(0, TOKEN_LENGTH_MAX));

/** Words that say nothing: a query has them when it has no others; names and labels answer it. */
export const EMPTY_WORDS: ReadonlySet<string> = new Set(
  'a an and by for from in of on or the to with'.split(' '),
);

/** Plurals that no ending tells. */
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

/** Plural to singular, only the simple English endings; everything else stays as it is. */
const singular = (word: string): string => {
  if (word.length > 4 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.length > 4 && /(?:ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  if (word.length > 3 && word.endsWith('s') && !/(?:ss|us|is)$/.test(word))
    return word.slice(0, -1);
  return word;
};

const irregular = (word: string): string =>
  Object.hasOwn(IRREGULAR, word) ? (IRREGULAR[word] ?? word) : word;

/** What a verb's ending may be taken from: three letters, a vowel among them, no `ee`. */
const VERB = /^([a-z]*[aeiouy][a-z]*?)(?:ing|ed)$/;
const STEM_LENGTH_MIN = 3;

const withoutVerbEnding = (word: string): string => {
  const stem = VERB.exec(word)?.[1] ?? '';
  if (stem.length < STEM_LENGTH_MIN || word.endsWith('eed')) return word;
  const isDoubled = stem.at(-1) === stem.at(-2) && /[bdfgklmnprt]$/.test(stem);
  return isDoubled && (stem.length > 4 || !stem.endsWith('l')) ? stem.slice(0, -1) : stem;
};

/** A silent `e`, so that "hike" is found by "hiking"; never after a vowel ("shoe"). */
const withoutSilentE = (word: string): string =>
  /^[a-z]{2,}[^aeiou]e$/.test(word) ? word.slice(0, -1) : word;

/**
 * The stem of a folded word: singular, without -ing and -ed, without a silent e.
 * A light form of Porter's first step (1980); words with digits or other letters stay.
 */
export const stemOf = (word: string): string => {
  const one = irregular(singular(irregular(word)));
  return /^[a-z]+$/.test(one) ? withoutSilentE(withoutVerbEnding(one)) : one;
};

/** The distinct stems of a text's words, at most 200. */
export const tokensOf = (text: string): string[] =>
  [...new Set(wordsOf(text).map(stemOf))].slice(0, TOKENS_MAX);
