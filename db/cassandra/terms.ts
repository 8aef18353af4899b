// The words of a store's catalogue, for completing input and for correcting misspellings.
import { mapBounded } from '../../concurrency/chunks.ts';
import { editsAllowed, editsBetween, spellingKeys } from '../../domain/catalogue/spelling.ts';
import { isPaired } from '../../domain/words/scripts.ts';
import type { KnownWord } from './listing-text.ts';
import type { Cassandra, Row } from './client.ts';

/** Words a process remembers as written; above this it clears them and writes all again. */
const REMEMBERED_MAX = 200_000;
/** Writes of one word, and words of one product, at once. */
const WRITES_CONCURRENT_MAX = 16;
const WORDS_CONCURRENT_MAX = 4;
const COMPLETIONS_READ_MAX = 200;
/** Words read for one word's keys; further ones are ignored. */
const NEIGHBOURS_READ_MAX = 2_000;

const PUT_TERM = 'insert into terms (store_id, head, word, stem) values (?, ?, ?, ?)';
const PUT_LABEL = `insert into terms (store_id, head, word, stem, is_label)
  values (?, ?, ?, ?, true)`;
const PUT_SPELLING = 'insert into spellings (store_id, key, word, stem) values (?, ?, ?, ?)';

const headOf = (word: string): string => String.fromCodePoint(word.codePointAt(0) ?? 0);

/** Words of one alphabet: an edit makes another part number, or another word of two characters. */
const isSpelt = (word: string): boolean => !/\d/.test(word) && !isPaired(word);

type Write = [name: string, query: string, params: unknown[]];

const writesOf = (storeId: string, { word, stem, isLabel }: KnownWord): Write[] => {
  const term: Write = [
    'terms.put',
    isLabel ? PUT_LABEL : PUT_TERM,
    [storeId, headOf(word), word, stem],
  ];
  if (!isLabel || !isSpelt(word)) return [term];
  const keys = new Set([...spellingKeys(word), ...spellingKeys(stem)]);
  const spellings = [...keys].map((key): Write => [
    'spellings.put',
    PUT_SPELLING,
    [storeId, key, word, stem],
  ]);
  return [term, ...spellings];
};

export type RememberWords = (storeId: string, words: KnownWord[]) => Promise<void>;

/**
 * Writes each word once per process; writing it again changes nothing. Products that are projected
 * at the same time share the writes of their common words.
 */
export const rememberWords = (cassandra: Cassandra): RememberWords => {
  const known = new Map<string, Promise<unknown>>();
  const put = (storeId: string, word: KnownWord): Promise<unknown> => {
    const name = `${storeId}/${word.word}/${word.isLabel}`;
    const earlier = known.get(name);
    if (earlier) return earlier;
    const writes = writesOf(storeId, word);
    const written = mapBounded(writes, WRITES_CONCURRENT_MAX, (write) => cassandra.run(...write));
    known.set(name, written);
    // What failed is written again with the next product.
    return written.catch((error: unknown) => {
      known.delete(name);
      throw error;
    });
  };
  return async (storeId, words) => {
    if (known.size > REMEMBERED_MAX) known.clear();
    await mapBounded(words, WORDS_CONCURRENT_MAX, (word) => put(storeId, word));
  };
};

export interface Term {
  word: string;
  /** The tokens that match the word. */
  tokens: string[];
}

const termOf = (row: Row): Term => ({
  word: String(row['word']),
  tokens: String(row['stem']).split(' '),
});

/** Words of names and labels with this prefix, the shortest first. */
export const completionsOf = async (
  cassandra: Cassandra,
  storeId: string,
  beginning: string,
): Promise<Term[]> => {
  const query = `select word, stem, is_label from terms
    where store_id = ? and head = ? and word >= ? and word < ? limit ?`;
  const rows = await cassandra.run('terms.complete', query, [
    storeId,
    headOf(beginning),
    beginning,
    `${beginning}\u{10FFFF}`,
    COMPLETIONS_READ_MAX,
  ]);
  return rows
    .filter((row) => row['is_label'] === true)
    .map(termOf)
    .sort((a, b) => a.word.length - b.word.length || (a.word < b.word ? -1 : 1));
};

/** Words within the allowed edits of the typed word, the nearest first. */
export const spellingsOf = async (
  cassandra: Cassandra,
  storeId: string,
  typed: string,
): Promise<Term[]> => {
  const keys = spellingKeys(typed);
  if (keys.length === 0) return [];
  const query = 'select word, stem from spellings where store_id = ? and key in ? limit ?';
  const rows = await cassandra.run('spellings.find', query, [storeId, keys, NEIGHBOURS_READ_MAX]);
  const edits = new Map<string, { term: Term; distance: number }>();
  for (const row of rows) {
    const term = termOf(row);
    const distances = [term.word, ...term.tokens].map((meant) => {
      const allowed = editsAllowed(typed, meant);
      const edits = editsBetween(typed, meant, allowed);
      return edits <= allowed ? edits : Number.POSITIVE_INFINITY;
    });
    const distance = Math.min(...distances);
    if (Number.isFinite(distance)) edits.set(term.word, { term, distance });
  }
  /** The first character is seldom mistyped. */
  const strangeness = (word: string): number => (word[0] === typed[0] ? 0 : 1);
  return [...edits.values()]
    .sort(
      (a, b) =>
        a.distance - b.distance ||
        strangeness(a.term.word) - strangeness(b.term.word) ||
        (a.term.word < b.term.word ? -1 : 1),
    )
    .map(({ term }) => term);
};
