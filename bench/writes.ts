// Measures catalogue writes, batches and imports, against COPY of the same rows into equal tables.
import postgres from 'postgres';
import { seedFile } from '../ops/commands/seed.ts';
import { followImport, uploadCatalogue } from '../ops/commands/import-file.ts';
import type { Instance } from '../ops/instance.ts';
import { posted, settled, withCatalogue, type CatalogueBench } from './catalogue.ts';
import { benchEvent } from './events.ts';
import { compare, type Figures, type Plan, type Side } from './method.ts';

const BATCH = 500;
const IMPORTED = 2_000;
const TABLES = ['products', 'variants', 'outbox'] as const;

const literal = (value: unknown): string =>
  String(value).replace(
    /[\\\t\n\r]/g,
    (one) => `\\${{ '\t': 't', '\n': 'n', '\r': 'r' }[one] ?? one}`,
  );

/** The rows of a batch of products, in COPY's format. */
const copyRows = (from: number, count: number): Record<(typeof TABLES)[number], string> => {
  const lines = { products: '', variants: '', outbox: '' };
  for (let at = from; at < from + count; at++) {
    const { key, value, event } = benchEvent(at);
    const { productId: id } = event;
    const { slug, name, description, attributes, variants: [variant] = [] } = event.product ?? {};
    const row = (values: unknown[]): string => `${values.map(literal).join('\t')}\n`;
    const fields = [slug, name, description, 'published', JSON.stringify(attributes), '[]'];
    lines.products += row([id, 'sto_default', ...fields, 1, event.clockUs]);
    lines.variants += row(['sto_default', variant?.sku, id, '', '{}', 1_000, 'USD', 0]);
    const bytes = `\\x${Buffer.from(value).toString('hex')}`;
    lines.outbox += row([at, at % 16, 'holdfast.products.v1', key, 'ProductChanged', bytes, '{}']);
  }
  return lines;
};

const COLUMNS = {
  products: 'id, store_id, slug, name, description, status, attributes, media, version, clock_us',
  variants: 'store_id, sku, product_id, title, options, price_minor, currency, position',
  outbox: 'id, bucket, topic, key, event_type, value, headers',
};

/** Numbers of products that no earlier run has used. */
const numbers = (): (() => number) => {
  let next = Date.now() * 1_000;
  return () => (next += BATCH);
};

const copying = async ({ sql, postgresPids }: CatalogueBench, count: number): Promise<Side> => {
  await sql.unsafe('drop schema if exists bench cascade; create schema bench');
  for (const table of TABLES) {
    await sql.unsafe(`create table bench.${table} (like products.${table} including all)`);
  }
  const next = numbers();
  const copy = async (
    tx: postgres.TransactionSql,
    table: (typeof TABLES)[number],
    text: string,
  ) => {
    const query = tx.unsafe(`copy bench.${table} (${COLUMNS[table]}) from stdin`);
    const stream = await query.writable();
    const done = Promise.withResolvers<void>();
    stream.on('finish', done.resolve).on('error', done.reject);
    stream.end(text);
    await done.promise;
  };
  return {
    pids: postgresPids,
    operation: async () => {
      for (let left = count; left > 0; left -= BATCH) {
        const lines = copyRows(next(), Math.min(left, BATCH));
        await sql.begin(async (tx) => {
          for (const table of TABLES) await copy(tx, table, lines[table]);
        });
      }
    },
  };
};

const bodyOf = (from: number) => ({
  products: Array.from({ length: BATCH }, (_, one) => {
    const {
      name,
      slug,
      description,
      attributes,
      variants = [],
    } = benchEvent(from + one).event.product ?? {};
    const own = variants.map(({ sku }) => ({ sku, price: 10 }));
    return { name, slug, description, attributes, variants: own };
  }),
});

const measureBatch = (instance: Instance, plan: Plan): Promise<Figures> =>
  withCatalogue(instance, async (bench) => {
    const { env, pidOf, postgresPids } = bench;
    const headers = { authorization: `Bearer ${env['STORE_KEY']}` };
    const next = numbers();
    const batch: Side = {
      before: () => settled(bench),
      pids: () => [pidOf('products'), ...postgresPids()],
      operation: async () =>
        void (await posted(`${env['PRODUCTS_URL']}/products:batch`, bodyOf(next()), headers)),
    };
    return compare(await copying(bench, BATCH), batch, { operations: 4, inFlight: 1, ...plan });
  });

const measureImport = (instance: Instance, plan: Plan): Promise<Figures> =>
  withCatalogue(instance, async (bench) => {
    const { env, pidOf, postgresPids } = bench;
    const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
    const own = Math.floor(Date.now() / 1_000) % 1_000_000_000;
    let from = 0;
    const importing: Side = {
      before: () => settled(bench),
      pids: () => ['gateway', 'products', 'worker', 'inventory'].map(pidOf).concat(postgresPids()),
      operation: async () => {
        const file = seedFile(own, from, (from += IMPORTED));
        const id = await uploadCatalogue(shop, file, 'text/csv', {});
        const { status, rows } = await followImport(shop, id);
        if (status !== 'completed' || rows.failed > 0) throw new Error(`${id} is ${status}`);
      },
    };
    const baseline = await copying(bench, IMPORTED);
    return compare(baseline, importing, { operations: 1, inFlight: 1, ...plan });
  });

export const writePaths = {
  'upsert-bulk': { aim: 0.45, items: BATCH, measure: measureBatch },
  import: { aim: '1,000 rows a second', items: IMPORTED, measure: measureImport },
};
