// Finds the stem of a word.

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
