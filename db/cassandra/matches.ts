// Counts matching products and their facets from listing rows.
import { readAtLeast, type Filter, type Stretch } from './listings.ts';
import type { TableSet } from './table-sets.ts';

/** Above this many matches, counts and facets are not exact. */
const COUNTED_MAX = 1_000;

export interface Matches {
  count: number;
  exact: boolean;
  /** The number of matches per facet. */
  facets: Map<string, number>;
}

const counted = ({ found, end }: Stretch): Matches => {
  const facets = new Map<string, number>();
  for (const { row } of found.slice(0, COUNTED_MAX)) {
    for (const facet of (row['facets'] as string[] | null) ?? []) {
      facets.set(facet, (facets.get(facet) ?? 0) + 1);
    }
  }
  const exact = !end && found.length <= COUNTED_MAX;
  return { count: Math.min(found.length, COUNTED_MAX), exact, facets };
};

/** Counts rows already read with their facets; undefined when reading stopped before the end. */
export const matchesIn = ({ found, end }: Stretch): Matches | undefined =>
  end && found.length <= COUNTED_MAX ? undefined : counted({ found, end });

/** Counts matches and their facets; exact up to 1,000. */
export const countMatches = async (
  tables: TableSet,
  storeId: string,
  filter: Filter,
): Promise<Matches> => {
  const wanted = { rows: COUNTED_MAX + 1, unionStretches: 1 };
  const input = { storeId, sort: 'newest' as const, filter };
  return counted(await readAtLeast(tables, input, wanted, 'facets'));
};
