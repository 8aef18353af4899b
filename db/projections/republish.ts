// Publishes again, through the outbox, what Postgres has and a table set lacks.
import { chunksOf, mapBounded } from '../../concurrency/chunks.ts';
import type { CollectionId, ProductId, StoreId } from '../../domain/ids.ts';
import type { Cassandra } from '../cassandra/client.ts';
import { findCollectionClock, pagesOfCollections } from '../cassandra/collections.ts';
import { findStored } from '../cassandra/products.ts';
import {
  listClocks,
  presentOf,
  republishCollections,
  republishDeleted,
  republishProducts,
  type Clock,
  type Gone,
} from '../postgres/catalogue/republish.ts';
import type { Pg } from '../postgres/client.ts';
import {
  republishStockOf,
  listStockClocks,
  type StockClock,
} from '../postgres/ledger/stock-events.ts';
import { pagesOf } from './compare.ts';

const PAGE = 500;
const READS_CONCURRENT_MAX = 16;

interface Sides {
  pg: Pg;
  /** The table set to complete. */
  cassandra: Cassandra;
  /** Events from here on may still be in flight, in microseconds since 1970. */
  beforeUs: number;
}

/** Filters a list by an asynchronous predicate, with bounded concurrency. */
const filtered = async <T>(list: T[], isSo: (one: T) => Promise<boolean>): Promise<T[]> => {
  const answers = await mapBounded(list, READS_CONCURRENT_MAX, isSo);
  return list.filter((_, at) => answers[at]);
};

/** Pages through a list until a page is empty. */
async function* pages<T, After>(
  first: After,
  read: (after: After) => Promise<T[]>,
  positionOf: (last: T) => After,
): AsyncGenerator<T[]> {
  let after = first;
  for (let page = await read(after); page.length > 0; page = await read(after)) {
    yield page;
    after = positionOf(page.at(-1) as T);
  }
}

type ClockIn = (cassandra: Cassandra, storeId: string, id: string) => Promise<number>;

const CLOCKS: Record<'products' | 'collections', ClockIn> = {
  products: async (...of) => (await findStored(...of))?.productClockUs ?? 0,
  collections: findCollectionClock,
};

const republishMissingOf = async (
  { pg, cassandra, beforeUs }: Sides,
  of: 'products' | 'collections',
  republish: (pg: Pg, ids: string[]) => Promise<void>,
): Promise<number> => {
  const isMissing = async ({ storeId, id, clockUs }: Clock): Promise<boolean> =>
    clockUs < beforeUs && (await CLOCKS[of](cassandra, storeId, id)) < clockUs;
  let count = 0;
  const read = (after: string) => listClocks(pg, of, after, PAGE);
  for await (const page of pages('', read, ({ id }) => id)) {
    const missing = (await filtered(page, isMissing)).map(({ id }) => id);
    if (missing.length > 0) await republish(pg, missing);
    count += missing.length;
  }
  return count;
};

const republishStock = async ({ pg, cassandra, beforeUs }: Sides): Promise<number> => {
  const isMissing = async ({ storeId, productId, clockUs }: StockClock): Promise<boolean> => {
    if (clockUs >= beforeUs) return false;
    return ((await findStored(cassandra, storeId, productId))?.stockClockUs ?? 0) < clockUs;
  };
  let count = 0;
  const read = (after: Pick<StockClock, 'storeId' | 'productId'>) =>
    listStockClocks(pg, after, PAGE);
  for await (const page of pages({ storeId: '', productId: '' }, read, (last) => last)) {
    const missing = await filtered(page, isMissing);
    if (missing.length > 0) await republishStockOf(pg, missing);
    count += missing.length;
  }
  return count;
};

/** The entries of a list that Postgres no longer has. */
const absentOf = async <T extends { id: string }>(
  pg: Pg,
  of: 'products' | 'collections',
  list: T[],
): Promise<T[]> => {
  const present = await presentOf(
    pg,
    of,
    list.map(({ id }) => id),
  );
  return list.filter(({ id }) => !present.has(id));
};

/** What the tables show and Postgres no longer has; its deletion may be in flight. */
export const findGone = async (pg: Pg, cassandra: Cassandra): Promise<Gone> => {
  const gone: Gone = { products: [], collections: [] };
  for await (const page of pagesOf(cassandra)) {
    const shown = page.filter(({ isDeleted, version }) => !isDeleted && version !== undefined);
    for (const one of await absentOf(pg, 'products', shown)) {
      const { storeId, id, version = 0, productClockUs: clockUs } = one;
      const ids = { storeId: storeId as StoreId, id: id as ProductId };
      gone.products.push({ ...ids, version: version + 1, clockUs });
    }
  }
  for await (const page of pagesOfCollections(cassandra, PAGE)) {
    for (const one of await absentOf(pg, 'collections', page)) {
      const ids = { storeId: one.storeId as StoreId, id: one.id as CollectionId };
      // The read model keeps no version of collections, and none is compared.
      gone.collections.push({ ...one, ...ids, version: 0 });
    }
  }
  return gone;
};

/** Publishes deletions of entries that are still shown after everything was read. */
const republishGone = async ({ pg, cassandra }: Sides, gone: Gone): Promise<number> => {
  const products = await filtered(gone.products, async ({ storeId, id }) => {
    const stored = await findStored(cassandra, storeId, id);
    return stored !== undefined && !stored.deleted;
  });
  // A deleted collection has the clock of its deletion.
  const collections = await filtered(
    gone.collections,
    async ({ storeId, id, clockUs }) =>
      (await findCollectionClock(cassandra, storeId, id)) === clockUs,
  );
  for (const some of chunksOf(products, PAGE)) {
    await republishDeleted(pg, { products: some, collections: [] });
  }
  for (const some of chunksOf(collections, PAGE)) {
    await republishDeleted(pg, { products: [], collections: some });
  }
  return products.length + collections.length;
};

/**
 * Publishes events older than a time that are missing from the tables although everything sent
 * until then was read: they never reached their topic. They go through the outbox, so that the
 * topics have them and a product keeps one writer. Returns how many there were.
 */
export const republishMissing = async (sides: Sides, gone: Gone): Promise<number> => {
  const counts = [
    await republishMissingOf(sides, 'collections', republishCollections),
    await republishMissingOf(sides, 'products', republishProducts),
    await republishStock(sides),
    await republishGone(sides, gone),
  ];
  return counts.reduce((sum, count) => sum + count, 0);
};
