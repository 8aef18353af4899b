// Reads a store's products all the time and reports versions that go back and the time to search.
import { liveTables } from '../../../db/cassandra/table-sets.ts';
import { eventually, JSON_TYPE, request } from '../../support/journeys.ts';
import { cassandraOfAll, searchOf, type Search } from '../../support/read-side.ts';
import { bearer, type Store } from '../../support/refusals.ts';
import type { Shop } from '../../support/shop.ts';

const LOOK_EVERY_MS = 10;
/** One of this many reads is of the list, the others are of one product. */
const LISTED_EVERY = 8;
const PROBES = 20;
const PROBE_EVERY_MS = 100;
const PROBE_LOOK_MS = 5;

const ONE = 'query ($id: ID) { product(id: $id) { version } }';
const LIST = '{ products(first: 100, sort: NEWEST) { edges { node { id version } } } }';

interface One {
  product: { version: number } | null;
}
interface List {
  products: { edges: { node: { id: string; version: number } }[] };
}

/** Greater than every version: a deleted product stays deleted. */
const GONE = Number.POSITIVE_INFINITY;

/** Keeps the newest version of each query's responses. */
const createMemory = () => {
  const newest = new Map<string, number>();
  const wrong: string[] = [];
  return {
    wrong,
    note: (question: string, version: number | undefined): void => {
      const before = newest.get(question) ?? 0;
      // A product that is not visible yet is no step back.
      if (version === undefined && before === 0) return;
      const now = version ?? GONE;
      if (now < before) wrong.push(`P4 ${question} was ${before} and then ${now}`);
      newest.set(question, Math.max(now, before));
    },
  };
};

const lookAtOne = async (call: Search, id: string): Promise<number | undefined> =>
  (await call<One>(ONE, { id })).product?.version;

interface Reading {
  /** Ends the reader; returns the steps back, and the number of reads. */
  stop(): Promise<{ wrong: string[]; looks: number }>;
}

/** Reads a store's products one after the other, and its list; failed reads are repeated. */
export const startReading = (shop: Shop, { storeId }: Store, ids: () => string[]): Reading => {
  const cassandra = cassandraOfAll(shop);
  const call = searchOf(liveTables(cassandra), storeId);
  const { note, wrong } = createMemory();
  let isOver = false;
  let looks = 0;
  const look = async (): Promise<void> => {
    const all = ids();
    const id = all[looks % Math.max(1, all.length)];
    if (looks % LISTED_EVERY > 0 && id) note(`product ${id}`, await lookAtOne(call, id));
    if (looks % LISTED_EVERY > 0) return;
    const { products } = await call<List>(LIST);
    for (const { node } of products.edges) note(`listed ${node.id}`, node.version);
  };
  const loop = async (): Promise<void> => {
    for (; !isOver; looks++) {
      await look().catch(() => undefined);
      await Bun.sleep(LOOK_EVERY_MS);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      isOver = true;
      await done;
      await cassandra.close();
      return { wrong, looks };
    },
  };
};

/** The time from the response to a write until Search has it, in ms; the longest of some. */
export const longestLagMs = async (shop: Shop, { storeId, key }: Store): Promise<number> => {
  const cassandra = cassandraOfAll(shop);
  const call = searchOf(liveTables(cassandra), storeId);
  const write = async (method: string, path: string, body: object) =>
    (
      await request<{ id: string; version: number }>(`${shop.env['GATEWAY_URL']}${path}`, {
        ...{ method, headers: { ...JSON_TYPE, ...bearer(key) }, body: JSON.stringify(body) },
      })
    ).body;
  const { id } = await write('POST', '/product', { name: 'Probe', price: 1 });
  let longest = 0;
  for (let at = 0; at < PROBES; at++) {
    const { version } = await write('PUT', `/product/${id}`, { price: at });
    const writtenAt = performance.now();
    await eventually('a probe is searchable', async () => {
      const seen = await lookAtOne(call, id).catch(() => undefined);
      if ((seen ?? 0) >= version) return true;
      return Bun.sleep(PROBE_LOOK_MS).then(() => undefined);
    });
    longest = Math.max(longest, performance.now() - writtenAt);
    await Bun.sleep(PROBE_EVERY_MS);
  }
  await cassandra.close();
  return Math.round(longest);
};
