// Tests that similar words share a spelling key and that edit distances are exact.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { editsAllowed, editsBetween, spellingKeys } from './spelling.ts';

const letter = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const word = fc.array(letter, { minLength: 3, maxLength: 12 }).map((letters) => letters.join(''));

type Edit = [kind: number, at: number, letter: string];
const edit = fc.tuple(fc.nat(3), fc.nat(30), letter);

const edited = (text: string, [kind, position, other]: Edit): string => {
  const at = position % (text.length + 1);
  const [head, tail] = [text.slice(0, at), text.slice(at)];
  if (kind === 0) return head + other + tail;
  if (kind === 1) return head + tail.slice(1);
  if (kind === 2 && tail) return head + other + tail.slice(1);
  return tail.length > 1 ? head + tail[1] + tail[0] + tail.slice(2) : text;
};

describe('the edits between two words', () => {
  const KNOWN: [a: string, b: string, edits: number][] = [
    ['jacket', 'jacket', 0],
    ['jaket', 'jacket', 1],
    ['jakcet', 'jacket', 1],
    ['jscket', 'jacket', 1],
    ['jaccket', 'jacket', 1],
    ['snobord', 'snowboard', 2],
    ['tent', 'boot', 3],
  ];
  test.each(KNOWN)('of %p and %p are %p', (a, b, edits) => {
    expect(editsBetween(a, b, 2)).toBe(edits);
    expect(editsBetween(b, a, 2)).toBe(edits);
  });

  test('are never more than the edits applied', () => {
    fc.assert(
      fc.property(word, edit, (text, one) => {
        expect(editsBetween(text, edited(text, one), 2)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000, seed: 7 },
    );
  });
});

describe('a word', () => {
  const ALLOWED: [length: number, edits: number][] = [
    [3, 0],
    [4, 1],
    [7, 1],
    [8, 2],
  ];
  test.each(ALLOWED)('of %p letters may have %p edits', (length, edits) => {
    const text = 'x'.repeat(length);
    expect(editsAllowed(text, text)).toBe(edits);
  });

  test('shares a key with every word within its allowed edits', () => {
    fc.assert(
      fc.property(word, fc.array(edit, { minLength: 1, maxLength: 2 }), (text, edits) => {
        const other = edits.reduce(edited, text);
        const allowed = editsAllowed(text, other);
        fc.pre(other.length >= 3 && editsBetween(text, other, allowed) <= allowed);
        const keys = new Set(spellingKeys(text));
        expect(spellingKeys(other).some((key) => keys.has(key))).toBe(true);
      }),
      { numRuns: 5_000, seed: 7 },
    );
  });

  test('of any length has at most 22 keys', () => {
    expect(spellingKeys('x'.repeat(40)).length).toBeLessThanOrEqual(22);
    expect(spellingKeys('abcdefghijklmnop')).toHaveLength(22);
    expect(spellingKeys('ab')).toEqual([]);
  });
});
