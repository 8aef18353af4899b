// Tests the fields of an import's result file.
import { expect, test } from 'bun:test';
import { csvField } from './import-results.ts';

test('a field of a result is quoted where it has to be, and never a formula', () => {
  const fields = ['a', 'a,b', 'a "b"', '=1+1', '@SUM(A1)', '-1', '\t=1', null, -1];
  expect(fields.map(csvField)).toEqual([
    'a',
    '"a,b"',
    '"a ""b"""',
    "'=1+1",
    "'@SUM(A1)",
    "'-1",
    "'\t=1",
    '',
    '-1',
  ]);
});
