// Chooses the locations a reservation takes its units from: one if possible, else the fewest.
import type { Demand, Taking } from './stock.ts';

/** Units of a sku that are available (not held) at a location. */
export interface Free {
  sku: string;
  location: string;
  available: number;
}

/** Above this many locations the search for the fewest is greedy instead of exact. */
const EXACT_LOCATIONS_MAX = 12;

type Shelf = Map<string, number>;

const shelvesOf = (free: Free[]): Map<string, Shelf> => {
  const shelves = new Map<string, Shelf>();
  for (const { sku, location, available } of free) {
    const shelf = shelves.get(location) ?? new Map<string, number>();
    shelves.set(location, shelf.set(sku, Math.max(0, available)));
  }
  return shelves;
};

const unitsAt = (shelf: Shelf | undefined, sku: string): number => shelf?.get(sku) ?? 0;

const covers = (shelves: Map<string, Shelf>, locations: string[], demand: Demand[]): boolean =>
  demand.every(
    ({ sku, quantity }) =>
      locations.reduce((sum, location) => sum + unitsAt(shelves.get(location), sku), 0) >= quantity,
  );

/** Subsets of `names` with exactly `size` members, in the order of the names. */
function* subsets(names: string[], size: number, from = 0): Generator<string[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let at = from; at <= names.length - size; at++) {
    for (const rest of subsets(names, size - 1, at + 1)) yield [names[at] ?? '', ...rest];
  }
}

const fewestExactly = (shelves: Map<string, Shelf>, demand: Demand[]): string[] | undefined => {
  const names = [...shelves.keys()].sort();
  for (let size = 1; size <= names.length; size++) {
    for (const chosen of subsets(names, size)) if (covers(shelves, chosen, demand)) return chosen;
  }
  return undefined;
};

/** How many of the missing units a location has. */
const contributionOf = (shelf: Shelf, missing: Map<string, number>): number =>
  [...missing].reduce((sum, [sku, quantity]) => sum + Math.min(quantity, unitsAt(shelf, sku)), 0);

const fewestGreedily = (shelves: Map<string, Shelf>, demand: Demand[]): string[] => {
  const missing = new Map(demand.map(({ sku, quantity }) => [sku, quantity]));
  const left = new Map([...shelves].sort(([a], [b]) => (a < b ? -1 : 1)));
  const chosen: string[] = [];
  while (left.size > 0 && [...missing.values()].some((quantity) => quantity > 0)) {
    const ranked = [...left].toSorted(
      ([, a], [, b]) => contributionOf(b, missing) - contributionOf(a, missing),
    );
    const [location, shelf] = ranked[0] ?? ['', new Map<string, number>()];
    chosen.push(location);
    left.delete(location);
    for (const [sku, quantity] of missing) {
      missing.set(sku, Math.max(0, quantity - unitsAt(shelf, sku)));
    }
  }
  return chosen;
};

const takeFrom = (
  shelves: Map<string, Shelf>,
  locations: string[],
  { sku, quantity }: Demand,
): Taking[] => {
  let left = quantity;
  return locations.flatMap((location) => {
    const taken = Math.min(left, unitsAt(shelves.get(location), sku));
    left -= taken;
    return taken > 0 ? [{ sku, location, quantity: taken }] : [];
  });
};

/**
 * Takes a demand (each sku once) from the fewest locations that together have it. Ties go to the
 * location whose name sorts first. Returns undefined when a sku has too few units.
 */
export const allocate = (demand: Demand[], free: Free[]): Taking[] | undefined => {
  const shelves = shelvesOf(free);
  if (!covers(shelves, [...shelves.keys()], demand)) return undefined;
  const locations =
    shelves.size <= EXACT_LOCATIONS_MAX
      ? (fewestExactly(shelves, demand) ?? [])
      : fewestGreedily(shelves, demand);
  return demand.flatMap((line) => takeFrom(shelves, locations, line));
};
