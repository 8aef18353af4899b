// Finds the stem of a word in the languages that a store can choose, and their stop words.
import { stemmer as germanStem } from '@orama/stemmers/german';
import { stemmer as frenchStem } from '@orama/stemmers/french';

export const LANGUAGES = ['en', 'de', 'fr'] as const;
export type Language = (typeof LANGUAGES)[number];
export const DEFAULT_LANGUAGE: Language = 'en';

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/));

/** Folded. A query uses them only when it has no other words; names and labels match them. */
const STOP_WORDS: Record<Language, ReadonlySet<string>> = {
  en: setOf('a an and by for from in of on or the to with'),
  de: setOf(`am an auf aus bei das dem den der des die ein eine einem einen einer fur im in mit
    oder und vom von zu zum zur`),
  fr: setOf(`a au aux avec d dans de des du en et l la le les ou par pour sans sur un une`),
};

/** English ones are in queries of every language. */
export const isStopWord = (word: string, language: Language): boolean =>
  STOP_WORDS.en.has(word) || STOP_WORDS[language].has(word);

export const isAnyStopWord = (word: string): boolean =>
  LANGUAGES.some((language) => STOP_WORDS[language].has(word));

/** Whether most of a text's stop words are English; false for a text without any. */
export const isEnglish = (words: string[]): boolean => {
  const countOf = (language: Language): number =>
    words.filter((word) => STOP_WORDS[language].has(word)).length;
  return countOf('en') > Math.max(countOf('de'), countOf('fr'));
};

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
 * A light form of Porter's first step (1980): singular, without -ing and -ed, without a silent e.
 */
const englishStem = (word: string): string => {
  const one = irregular(singular(irregular(word)));
  return /^[a-z]+$/.test(one) ? withoutSilentE(withoutVerbEnding(one)) : one;
};

const REMEMBERED_MAX = 20_000;

/** Few words make most of a catalogue's text, and a stemmer takes much longer than a look-up. */
const remembering = (stem: (word: string) => string): ((word: string) => string) => {
  const stems = new Map<string, string>();
  return (word) => {
    const known = stems.get(word);
    if (known !== undefined) return known;
    if (stems.size === REMEMBERED_MAX) stems.clear();
    const made = stem(word);
    stems.set(word, made);
    return made;
  };
};

/** Snowball's, for words without accents: "emaillee" takes two steps to the stem of "émaillé". */
const STEMMERS: Record<Language, (word: string) => string> = {
  en: englishStem,
  de: remembering(germanStem),
  fr: remembering((word) => frenchStem(frenchStem(word))),
};

const LATIN = /^[a-z]+$/;

/** The stem of a folded word. Words with digits or non-Latin letters stay, but for plurals in s. */
export const stemOf = (word: string, language: Language): string =>
  language === 'en' || LATIN.test(word) ? STEMMERS[language](word) : word;

/** The stems of a folded word in other languages, where they differ from the English one. */
export const otherStemsOf = (word: string): string[] => {
  if (!LATIN.test(word)) return [];
  const english = stemOf(word, 'en');
  const stems = new Set(LANGUAGES.map((language) => stemOf(word, language)));
  return [...stems].filter((stem) => stem !== english && stem !== '');
};
