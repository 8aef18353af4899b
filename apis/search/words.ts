// Interprets a shopper's words: all of them, else as the catalogue spells them, else most of them.
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import type { Words } from '../../db/cassandra/listings.ts';
import { frequencyOf } from '../../db/cassandra/look-ups.ts';
import { completionsOf, spellingsOf, type Term } from '../../db/cassandra/terms.ts';
import { exactToken } from '../../db/cassandra/listing-text.ts';
import { isStopWord, type Language } from '../../domain/words/stems.ts';
import { looser, wordsIn, type Word } from '../../domain/words/words.ts';

const WORDS_MAX = 10;
/** A long word of a script without blanks has many. */
const TOKENS_MAX = 20;
/** Candidates read for one unknown word, and whole queries tried with them. */
const CANDIDATES_MAX = 8;
const REWRITTEN_MAX = 3;
const COMPLETED_LENGTH_MIN = 3;
/** Rows of a bucket counted to find the more frequent of two candidates. */
const COUNTED_MAX = 25;

export interface Meaning {
  words: Words;
  /** The token of a name or sku that equals the typed text. */
  exact: string;
}

const typedWords = (text: string, language: Language): Word[] => {
  const all = wordsIn(text, language);
  const significant = all.filter((word) => !isStopWord(word.text, language));
  const chosen = significant.length > 0 ? significant : all;
  const keys = chosen.map(({ tokens }) => tokens.join(' '));
  return chosen.filter((_, at) => keys.indexOf(keys[at] ?? '') === at).slice(0, WORDS_MAX);
};

const tokensIn = (words: Word[]): string[] =>
  [...new Set(words.flatMap(({ tokens }) => tokens))].slice(0, TOKENS_MAX);

const allOf = (stems: string[]): Words => ({ anyOf: [stems], of: stems, least: stems.length });

/** The words as typed: a product must have all of them. Undefined for a text without words. */
export const plainMeaning = (text: string, language: Language): Meaning | undefined => {
  const stems = tokensIn(typedWords(text, language));
  return stems.length > 0 ? { words: allOf(stems), exact: exactToken(text) } : undefined;
};

interface Lookup {
  tables: TableSet;
  storeId: string;
  language: Language;
}

const countOf = ({ tables, storeId }: Lookup, stems: string[]): Promise<number> =>
  frequencyOf(tables, storeId, stems, COUNTED_MAX);

const isFound = async ({ tables, storeId }: Lookup, stems: string[]): Promise<boolean> =>
  (await frequencyOf(tables, storeId, stems, 1)) > 0;

/** "snow board" where the catalogue has "snowboard". */
const joined = async (lookup: Lookup, typed: Word[]): Promise<Word[]> => {
  for (let at = 0; at + 1 < typed.length; at++) {
    const [word, ...others] = wordsIn(`${typed[at]?.text}${typed[at + 1]?.text}`, lookup.language);
    if (!word || others.length > 0 || !(await isFound(lookup, word.tokens))) continue;
    return [...typed.slice(0, at), word, ...typed.slice(at + 2)];
  }
  return typed;
};

const areFound = (lookup: Lookup, typed: Word[]): Promise<boolean[]> =>
  Promise.all(typed.map(({ tokens }) => isFound(lookup, tokens)));

/**
 * Words that no product has become the smaller words that they consist of; a part number only when
 * products have each of them, since it may be the beginning of another.
 */
const loosened = async (lookup: Lookup, typed: Word[]): Promise<Word[]> => {
  const found = await areFound(lookup, typed);
  const loosen = async (word: Word): Promise<Word[]> => {
    const smaller = looser(word, lookup.language);
    if (word.pieces.length === 0) return smaller;
    return (await areFound(lookup, smaller)).every(Boolean) ? smaller : [word];
  };
  const lists = await Promise.all(
    typed.map(async (word, at) => (found[at] ? [word] : await loosen(word))),
  );
  return lists.flat();
};

/** Indexed words for an unknown word: completions first, then spellings; frequent ones first. */
const candidatesFor = async (lookup: Lookup, { text: word }: Word): Promise<string[][]> => {
  const { tables, storeId } = lookup;
  const ranked = async (terms: Term[]): Promise<string[][]> => {
    const lists = new Map(terms.map(({ tokens }) => [tokens.join(' '), tokens]));
    const counted = await Promise.all(
      [...lists.values()]
        .slice(0, CANDIDATES_MAX)
        .map(async (tokens) => ({ tokens, count: await countOf(lookup, tokens) })),
    );
    return counted.filter(({ count }) => count > 0).map(({ tokens }) => tokens);
  };
  const begun =
    word.length >= COMPLETED_LENGTH_MIN ? await completionsOf(tables, storeId, word) : [];
  const completed = await ranked(begun);
  return completed.length > 0 ? completed : ranked(await spellingsOf(tables, storeId, word));
};

/** Products with at least `least` of the words: found by any of the longest ones (pigeonhole). */
const mostOf = (stems: string[], least: number): Words => {
  const rarest = stems.toSorted((a, b) => b.length - a.length);
  return {
    anyOf: rarest.slice(0, stems.length - least + 1).map((stem) => [stem]),
    of: stems,
    least,
  };
};

const NOTHING: Words = { anyOf: [], of: [], least: 0 };

/** Replaces each unknown word by its first, second, third candidate, until products are found. */
const spelt = async (
  lookup: Lookup,
  known: boolean[],
  typed: Word[],
  choices: string[][][],
): Promise<string[] | undefined> => {
  for (let round = 0; round < REWRITTEN_MAX; round++) {
    const stems = typed.flatMap(({ tokens }, at) => {
      if (known[at]) return tokens;
      const list = choices[at] ?? [];
      return list[round] ?? list[0] ?? [];
    });
    const isNew = round === 0 || choices.some((list) => list.length > round);
    if (stems.length > 0 && isNew && (await isFound(lookup, stems))) return [...new Set(stems)];
  }
  return undefined;
};

/**
 * Interprets the words when no product has all of them. Filters have no effect on it: words decide
 * what is searched, filters only narrow. At least half of the words must match, and all but two at
 * most.
 */
export const rewritten = async (lookup: Lookup, text: string): Promise<Meaning> => {
  const exact = exactToken(text);
  const typed = await joined(lookup, await loosened(lookup, typedWords(text, lookup.language)));
  const asTyped = tokensIn(typed);
  if (await isFound(lookup, asTyped)) return { exact, words: allOf(asTyped) };
  const known = await areFound(lookup, typed);
  const choices = await Promise.all(
    typed.map(async (one, at) => (known[at] ? [] : candidatesFor(lookup, one))),
  );
  const half = Math.ceil(typed.length / 2);
  const stems = [
    ...new Set(typed.flatMap(({ tokens }, at) => (known[at] ? tokens : (choices[at]?.[0] ?? [])))),
  ];
  if (stems.length < half) return { exact, words: NOTHING };
  const all = await spelt(lookup, known, typed, choices);
  if (all) return { exact, words: allOf(all) };
  const least = Math.max(half, stems.length - 2);
  return { exact, words: stems.length > least ? mostOf(stems, least) : NOTHING };
};
