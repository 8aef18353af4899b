// Finds files of real data, and skips tests by name where they are absent.
import { test } from 'bun:test';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const DATA = resolve(
  process.env['HOLDFAST_DATA'] ?? resolve(import.meta.dirname, '..', '..', '..', 'shared', 'data'),
);

export const dataPath = (name: string): string => resolve(DATA, name);

/** A test that reads one of these files. */
export const testWithData = (file: string, name: string, work: () => Promise<void>, ms: number) => {
  const isThere = existsSync(dataPath(file));
  test.skipIf(!isThere)(isThere ? name : `${name} (no ${file} beside this clone)`, work, ms);
};
