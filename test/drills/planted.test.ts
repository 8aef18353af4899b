// Tests that each planted bug can still be planted: its line is in the source exactly once.
import { expect, test } from 'bun:test';
import { withLine } from '../support/planted-line.ts';
import { PLANTED } from './planted.ts';

test.each(Object.entries(PLANTED))('%s can be planted', (_, planted) => {
  expect(withLine(planted)).toContain(planted.wrong);
});
