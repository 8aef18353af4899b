// Tests that an allocation takes the requested units from the fewest locations and never oversells.
import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { allocate, type Free } from './allocation.ts';
import type { Demand } from './stock.ts';

const at = (location: string, sku: string, available: number): Free => ({
  location,
  sku,
  available,
});
const want = (sku: string, quantity: number): Demand => ({ sku, quantity });

describe('an allocation', () => {
  test('takes everything from one location when one has it all', () => {
    const free = [at('a', 'x', 1), at('b', 'x', 5), at('b', 'y', 5), at('a', 'y', 9)];
    expect(allocate([want('x', 2), want('y', 2)], free)).toEqual([
      { sku: 'x', location: 'b', quantity: 2 },
      { sku: 'y', location: 'b', quantity: 2 },
    ]);
  });

  test('splits over the fewest locations when none has it all', () => {
    const free = [at('a', 'x', 1), at('b', 'x', 2), at('c', 'x', 2)];
    const taken = allocate([want('x', 4)], free);
    expect(taken?.map((taking) => taking.location)).toEqual(['b', 'c']);
  });

  test('is undefined when there is not enough', () => {
    expect(allocate([want('x', 4)], [at('a', 'x', 3)])).toBeUndefined();
    expect(allocate([want('x', 1)], [])).toBeUndefined();
  });

  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const sku = fc.constantFrom('x', 'y', 'z');
  const free = fc.uniqueArray(
    fc.record({ location: name, sku, available: fc.integer({ min: 0, max: 6 }) }),
    { selector: (one) => `${one.location}/${one.sku}` },
  );
  const demand = fc.uniqueArray(fc.record({ sku, quantity: fc.integer({ min: 1, max: 8 }) }), {
    selector: (one) => one.sku,
    minLength: 1,
  });

  const enough = (requested: Demand[], shelves: Free[], locations: string[]): boolean =>
    requested.every(
      (line) =>
        shelves
          .filter((one) => one.sku === line.sku && locations.includes(one.location))
          .reduce((sum, one) => sum + one.available, 0) >= line.quantity,
    );
  const subsetsOf = (names: string[]): string[][] =>
    names.reduce<string[][]>((sets, one) => [...sets, ...sets.map((set) => [...set, one])], [[]]);

  test('takes exactly the requested units, only available ones, from the fewest locations', () => {
    fc.assert(
      fc.property(demand, free, (requested, shelves) => {
        const taken = allocate(requested, shelves);
        const all = [...new Set(shelves.map((one) => one.location))];
        expect(taken !== undefined).toBe(enough(requested, shelves, all));
        if (!taken) return;
        for (const line of requested) {
          const units = taken.filter((taking) => taking.sku === line.sku);
          expect(units.reduce((sum, taking) => sum + taking.quantity, 0)).toBe(line.quantity);
        }
        for (const taking of taken) {
          const shelf = shelves.find(
            (one) => one.sku === taking.sku && one.location === taking.location,
          );
          expect(taking.quantity).toBeLessThanOrEqual(shelf?.available ?? 0);
        }
        const used = new Set(taken.map((taking) => taking.location)).size;
        const fewest = subsetsOf(all)
          .filter((set) => enough(requested, shelves, set))
          .reduce((least, set) => Math.min(least, set.length), Number.POSITIVE_INFINITY);
        expect(used).toBeLessThanOrEqual(fewest);
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});
