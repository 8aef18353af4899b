// Tests that the page of error codes equals the generated one.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { errorsPage, ERRORS_FILE } from './errors.ts';

test('the page of error codes is up to date: ./holdfast dev bun ops/generate.ts makes it', () => {
  expect(readFileSync(ERRORS_FILE, 'utf8')).toBe(errorsPage());
});
