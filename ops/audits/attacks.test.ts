// Tests that every test which docs/security.md names is there, by its file and its name.
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../instance.ts';
import { attacks, attacksIn } from './attacks.ts';

const sourceOf = (file: string): string => {
  const path = resolve(ROOT, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
};

describe('the page of attacks', () => {
  test('names tests that are there', () => {
    expect(attacks().length).toBeGreaterThan(30);
    const missing = attacks().filter(({ file, name }) => {
      const source = sourceOf(file);
      return source === '' || !source.includes(name);
    });
    expect(missing).toEqual([]);
  });

  test('is read row by row, with several tests in one cell', () => {
    expect(attacksIn('| a | b | `x/y.test.ts` › is so · `z.shop.test.ts` |')).toEqual([
      { file: 'x/y.test.ts', name: 'is so' },
      { file: 'z.shop.test.ts', name: '' },
    ]);
  });
});
