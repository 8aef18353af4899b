// The catalogue measurements' shared setup: a seeded catalogue, the raw process, HTTP calls.
import postgres from 'postgres';
import { connectCassandra } from '../db/cassandra/client.ts';
import { createIndexes, dropIndexes } from '../db/cassandra/migrate.ts';
import { LISTING_BUCKETS_MAX } from '../db/cassandra/schema.ts';
import { findLiveTables, groupOfSet } from '../db/cassandra/table-sets.ts';
import { connectKafka, type KafkaClient } from '../db/kafka/client.ts';
import { CATALOGUE_TOPICS } from '../db/projections/catalogue-feed.ts';
import { rebuildSearch } from '../ops/commands/search.ts';
import { seed, seedProduct } from '../ops/commands/seed.ts';
import { publicEnvironment } from '../ops/environment.ts';
import type { Instance } from '../ops/instance.ts';
import { runningOf } from '../ops/supervise.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { startBeside } from './beside.ts';
import { cpuNanosOf, familyOf } from './method.ts';

const RAW_PORT_SHIFT = 192;
/** A fixed seed, so that the next run finds the same products. */
const SEED = 1;
/** Each poll reads all end offsets from Kafka, which must not distort the measurement. */
const POLL_MS = 200;
/**
 * The share of one core below which a node counts as idle, and for how long; a node that is never
 * idle is measured as it is.
 */
const REST_SHARE = 0.05;
const REST_LOOK_MS = 3_000;
const REST_LIMIT_MS = 3 * 60_000;
const READ_LIMIT_MS = 4 * 3_600_000;
/** Above this many products, one store needs more buckets than a new table set has. */
const PRODUCTS_NARROW = 350_000;
/** Products of one call, and concurrent calls. */
const FILL_BATCH = 1_000;
const FILL_LANES = 2;

export type Sql = ReturnType<typeof postgres>;

export interface CatalogueBench {
  instance: Instance;
  env: Record<string, string>;
  sql: Sql;
  kafka: KafkaClient;
  /** The live table set, and the group of its projectors. */
  set: number;
  group: string;
  /** Calls the raw process. */
  raw(path: string, call: object): Promise<void>;
  rawPid: number;
  pidOf(name: string): number;
  postgresPids(): number[];
}

const note = (line: string): void => void process.stderr.write(`# ${line}\n`);

/** A POST of JSON; throws unless the response is 2xx. */
export const posted = async (
  url: string,
  body: object | string,
  headers: Record<string, string> = {},
): Promise<string> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return text;
};

const targetOf = (env: Record<string, string>) => ({
  contactPoint: env['CASSANDRA_CONTACT_POINT'] ?? '',
  datacenter: 'datacenter1',
  keyspace: 'holdfast',
});

/**
 * Runs `work` with the raw process beside the instance; the listings have buckets for so many
 * products in one store.
 */
export const withCatalogue = async <T>(
  instance: Instance,
  work: (bench: CatalogueBench) => Promise<T>,
  products = 0,
): Promise<T> => {
  const env = await publicEnvironment(instance);
  const port = instance.portBase + RAW_PORT_SHIFT;
  const [cassandra = '', brokers = ''] = [env['CASSANDRA_CONTACT_POINT'], env['KAFKA_BROKERS']];
  const telemetry = createTelemetry('bench', 'fatal');
  const tables = connectCassandra({ ...targetOf(env), telemetry });
  if (products > PRODUCTS_NARROW && (await findLiveTables(tables)).buckets < LISTING_BUCKETS_MAX) {
    await rebuildSearch(instance, note, LISTING_BUCKETS_MAX);
  }
  const raw = await startBeside('raw.ts', port, cassandra, brokers);
  const sql = postgres(env['POSTGRES_URL'] ?? '', { max: 10, onnotice: () => undefined });
  const kafka = connectKafka(brokers.split(','), 'bench', telemetry);
  const pidOf = (name: string): number => runningOf(instance, name)?.pid ?? 0;
  try {
    const { set } = await findLiveTables(tables);
    return await work({
      instance,
      env,
      sql,
      kafka,
      pidOf,
      set,
      group: groupOfSet(set),
      raw: async (path, call) => void (await posted(new URL(path, raw.url).href, call)),
      rawPid: raw.pid,
      postgresPids: () => familyOf(pidOf('postgres')),
    });
  } finally {
    await raw.end();
    await Promise.all([sql.end(), kafka.close(), tables.close()]);
  }
};

/** Waits until the outboxes are empty and the projector has read everything. */
export const settled = async ({ sql, kafka, group }: CatalogueBench): Promise<void> => {
  for (const end = Date.now() + READ_LIMIT_MS; Date.now() < end;) {
    const [row] = await sql`select (select count(*) from products.outbox)
      + (select count(*) from inventory.outbox) as waiting`;
    const reaches =
      Number(row?.['waiting']) > 0 ? [] : await kafka.reachOf(group, CATALOGUE_TOPICS);
    if (reaches.length > 0 && reaches.every((one) => one.reached >= one.end)) return;
    await Bun.sleep(POLL_MS);
  }
  throw new Error('the read model did not catch up');
};

/** Waits until Cassandra's compaction has ended, which would be measured too. */
export const rested = async ({ pidOf }: CatalogueBench): Promise<void> => {
  for (const end = Date.now() + REST_LIMIT_MS; Date.now() < end;) {
    const before = cpuNanosOf(pidOf('cassandra'));
    await Bun.sleep(REST_LOOK_MS);
    const share = (cpuNanosOf(pidOf('cassandra')) - before) / 1e6 / REST_LOOK_MS;
    if (share < REST_SHARE) return;
  }
};

const batchOf = (from: number, to: number) => ({
  products: Array.from({ length: to - from }, (_, one) => {
    const product = seedProduct(SEED, from + one);
    const { slug, name, description, brand, type, price } = product;
    const variants = product.variants.map(({ sku, options }) => ({
      sku,
      options,
      price: Number(price),
    }));
    return { slug, name, description, attributes: { brand, type }, variants };
  }),
});

/**
 * Writes more products than an import loads within an hour: in batches, without collections or
 * stock, into tables without an index until all are read, as a rebuild does.
 */
const filled = async (bench: CatalogueBench, from: number, products: number): Promise<void> => {
  const { env, set } = bench;
  const headers = { authorization: `Bearer ${env['STORE_KEY']}` };
  await dropIndexes(targetOf(env), set);
  let next = from;
  const lane = async (): Promise<void> => {
    for (let at = next; at < products; at = next) {
      next = Math.min(at + FILL_BATCH, products);
      await posted(`${env['PRODUCTS_URL']}/products:batch`, batchOf(at, next), headers);
    }
  };
  await Promise.all(Array.from({ length: FILL_LANES }, lane));
  note(`${products - from} products written`);
  await settled(bench);
  note('all of them read');
};

/** Seeds the missing products, by an import unless there are too many. */
export const seeded = async (bench: CatalogueBench, products: number): Promise<void> => {
  const { env, sql, set } = bench;
  const [row] = await sql`select count(*)::int as n from products.products
    where store_id = 'sto_default' and slug like ${`seed-${SEED}-%`}`;
  const there = Number(row?.['n']);
  if (there < products && products > PRODUCTS_NARROW) await filled(bench, there, products);
  else if (there < products) {
    const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
    await seed(shop, { products, seed: SEED }, note);
  }
  // Also creates the indexes that an aborted run did not recreate.
  if (products > PRODUCTS_NARROW) await createIndexes(targetOf(env), set);
  await settled(bench);
  await rested(bench);
};
