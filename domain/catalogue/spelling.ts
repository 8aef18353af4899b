// Corrects misspelt words: allowed edit distances, and the keys under which similar words meet.

/** Words of 4 to 7 characters may differ by one edit, longer ones by two. */
const ONE_EDIT_LENGTH_MIN = 4;
const TWO_EDITS_LENGTH_MIN = 8;
/** Keys use only a word's first characters, which bounds the number of keys of a long word. */
const KEY_PREFIX_LENGTH = 6;

/** The edit distance within which two words are treated as the same. */
export const editsAllowed = (typed: string, meant: string): number => {
  const length = Math.max(typed.length, meant.length);
  if (length >= TWO_EDITS_LENGTH_MIN) return 2;
  return length >= ONE_EDIT_LENGTH_MIN ? 1 : 0;
};

/**
 * The number of edits (insert, delete, replace, swap of neighbours) between two words: their
 * optimal string alignment distance. Returns `max + 1` when it is larger than `max`.
 */
export const editsBetween = (a: string, b: string, max: number): number => {
  if (Math.abs(a.length - b.length) > max) return max + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    if (Math.min(...row) > max) return max + 1;
    [before, last] = [last, row];
  }
  return Math.min(last[b.length] ?? 0, max + 1);
};

const shortened = (words: Set<string>): Set<string> => {
  const shorter = new Set<string>();
  for (const word of words) {
    for (let at = 0; at < word.length; at++) shorter.add(word.slice(0, at) + word.slice(at + 1));
  }
  return shorter;
};

/**
 * The keys of a word: its prefix with up to the allowed number of characters deleted. Two words
 * within the allowed edits always share a key (symmetric delete, W. Garbe 2012). At most 22.
 */
export const spellingKeys = (word: string): string[] => {
  const beginning = new Set([word.slice(0, KEY_PREFIX_LENGTH)]);
  // The other word may be longer by the allowed number of edits.
  const edits = word.length >= TWO_EDITS_LENGTH_MIN - 2 ? 2 : 1;
  if (word.length < ONE_EDIT_LENGTH_MIN - 1) return [];
  const once = shortened(beginning);
  const twice = edits === 2 ? shortened(once) : [];
  return [...new Set([...beginning, ...once, ...twice])].filter((key) => key !== '');
};
