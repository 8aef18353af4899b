// Tests that rows leave their grouping whole and in an order in which an import can be resumed.
import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { ImportRow } from '../../domain/catalogue/imports.ts';
import { emptyRow } from './columns.ts';
import { byFamily, familiesOf, neighbours, type Grouping } from './grouping.ts';

interface Written {
  family: number;
  kind: 'parent' | 'variation' | 'simple';
}

/** Rows in any order; a variation names its parent by one of its two keys. */
const rowsOf = (list: Written[]): ImportRow[] =>
  list.map(({ family, kind }, at) => {
    const row = emptyRow(at + 1);
    const keys = [`id:${family}`, `sku-${family}`];
    if (kind === 'parent') return { ...row, keys, isMaster: true };
    if (kind === 'variation') return { ...row, keys: [keys[at % 2] ?? ''], isVariation: true };
    return { ...row, keys: [`id:simple-${at}`] };
  });

const familyFile = fc
  .array(
    fc.record({ family: fc.nat(4), kind: fc.constantFrom<Written['kind']>('variation', 'simple') }),
    {
      maxLength: 30,
    },
  )
  .chain((rows) => {
    const parents = [0, 1, 2, 3, 4].map((family): Written => ({ family, kind: 'parent' }));
    const all = parents.concat(rows);
    return fc.shuffledSubarray(all, { minLength: all.length });
  });

const groupsOf = (grouping: Grouping, rows: ImportRow[]): number[][] =>
  rows
    .flatMap((row) => grouping.push(row))
    .concat(grouping.flush())
    .map((group) => group.map(({ row }) => row));

/** A resumed import skips the groups whose last row it has passed. */
const expectResumable = (groups: number[][], rows: ImportRow[]): void => {
  const lasts = groups.map((group) => Math.max(...group));
  expect(lasts).toEqual(lasts.toSorted((a, b) => a - b));
  const all = groups.flat().toSorted((a, b) => a - b);
  expect(all).toEqual(rows.map(({ row }) => row));
};

async function* each(rows: ImportRow[]): AsyncGenerator<ImportRow> {
  yield* rows;
}

test('variations leave with their product, wherever they are, each row once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(familyFile, async (list) => {
      const rows = rowsOf(list);
      const groups = groupsOf(byFamily(await familiesOf(each(rows))), rows);
      expectResumable(groups, rows);
      for (const family of [0, 1, 2, 3, 4]) {
        const own = list.flatMap((one, at) =>
          one.family === family && one.kind !== 'simple' ? [at + 1] : [],
        );
        const group = groups.find((some) => some.includes(own[0] ?? 0)) ?? [];
        expect(group.toSorted((a, b) => a - b)).toEqual(own);
        expect(list[(group[0] ?? 0) - 1]?.kind).toBe('parent');
      }
    }),
    { numRuns: 200, seed: 7 },
  );
});

test('neighbours of one key leave together, each row once and in order', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(2))), (keys) => {
      const rows = keys.map((key, at) => {
        const row = emptyRow(at + 1);
        return key === null ? row : { ...row, keys: [`k${key}`] };
      });
      expectResumable(groupsOf(neighbours(), rows), rows);
    }),
    { numRuns: 200, seed: 7 },
  );
});
