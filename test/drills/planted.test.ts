// Tests that each planted bug can still be planted: its line is in the source exactly once.
import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT } from '../../ops/instance.ts';
import { PLANTED } from './planted.ts';

test.each(Object.entries(PLANTED))('%s can be planted', (_, { file, right }) => {
  expect(readFileSync(resolve(ROOT, file), 'utf8').split(right)).toHaveLength(2);
});
