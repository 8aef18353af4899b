// The raw baseline of the catalogue measurements: the same reads, batches and sends, nothing else.
import { create } from '@bufbuild/protobuf';
import { connectCassandra } from '../db/cassandra/client.ts';
import { PARTITION, shareOf } from '../db/cassandra/listings.ts';
import { listed } from '../db/cassandra/listing-rows.ts';
import { findStored, putProjected } from '../db/cassandra/products.ts';
import { createRowGroups } from '../db/cassandra/row-groups.ts';
import { eachBucket, findLiveTables } from '../db/cassandra/table-sets.ts';
import { rememberWords } from '../db/cassandra/terms.ts';
import { connectKafka } from '../db/kafka/client.ts';
import { headersOf } from '../db/kafka/relay.ts';
import { SCOPE_ALL } from '../db/cassandra/listing-keys.ts';
import { NOTHING } from '../db/cassandra/product-document.ts';
import { foldProduct } from '../db/projections/document.ts';
import { vocabularyOf } from '../db/cassandra/listing-text.ts';
import { DEFAULT_STORE } from '../domain/ids.ts';
import { ProductChangedSchema } from '../proto/gen/holdfast/events/v1/events_pb.ts';
import { createTelemetry } from '../telemetry/telemetry.ts';
import { benchEvent } from './events.ts';

const [port = '0', contactPoint = '', brokers = ''] = process.argv.slice(2);
const SEND_BATCH = 500;
const WRITES_CONCURRENT_MAX = 64;

const telemetry = createTelemetry('bench', 'fatal');
const all = connectCassandra({
  contactPoint,
  telemetry,
  datacenter: 'datacenter1',
  keyspace: 'holdfast',
});
const tables = await findLiveTables(all);
const kafka = connectKafka(brokers.split(','), 'bench', telemetry);
const remember = rememberWords(tables);
const groups = createRowGroups(tables);

interface Call {
  id: string;
  token: string;
  column: string;
  /** Rows to read over all buckets. */
  wanted: number;
  /** The response body of a REST API for as many rows. */
  shown: unknown;
  topic: string;
  from: number;
  count: number;
}

const rows = async ({ token, column, wanted }: Call): Promise<number> => {
  const limit = shareOf(wanted, tables);
  const query = `select sort_key, product_id, ${column} from listings
    where ${PARTITION} and tokens contains ? limit ?`;
  const where = (bucket: number) => [DEFAULT_STORE, SCOPE_ALL, 'newest', bucket, token, limit];
  const reads = await eachBucket(tables, (bucket) => tables.run('raw', query, where(bucket)));
  return reads.reduce((sum, list) => sum + list.length, 0);
};

const produced = async ({ topic, from, count }: Call): Promise<number> => {
  for (let at = from; at < from + count; at += SEND_BATCH) {
    const length = Math.min(SEND_BATCH, from + count - at);
    await kafka.send(
      Array.from({ length }, (_, one) => {
        const row = {
          id: at + one,
          topic,
          eventType: 'Bench',
          headers: {},
          createdAtMs: Date.now(),
        };
        return { ...benchEvent(at + one), topic, headers: headersOf('products', row) };
      }),
    );
  }
  return count;
};

/** Writes an event as the projector does, without Kafka. */
const written = async ({ from, count }: Call): Promise<number> => {
  let next = from;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < from + count; at = next++) {
      const { event } = benchEvent(at);
      const known = await findStored(tables, event.storeId, event.productId);
      const folded = foldProduct(known ?? NOTHING, create(ProductChangedSchema, event));
      if (!folded) continue;
      const document = listed(folded);
      if (document) await remember(event.storeId, vocabularyOf(document));
      await putProjected({ tables, rows: groups }, event.storeId, event.productId, known, folded);
    }
  };
  await Promise.all(Array.from({ length: WRITES_CONCURRENT_MAX }, lane));
  return count;
};

const ANSWERS: Record<string, (call: Call) => Promise<unknown>> = {
  '/rows': rows,
  '/produce': produced,
  '/project': written,
  '/product': async ({ id, shown }) => (await findStored(tables, DEFAULT_STORE, id), shown),
  '/page': async (call) => (await rows(call), call.shown),
};

Bun.serve({
  port: Number(port),
  hostname: '127.0.0.1',
  idleTimeout: 255,
  fetch: async (request) => {
    const answer = ANSWERS[new URL(request.url).pathname];
    if (!answer) return new Response('ok');
    return Response.json(await answer((await request.json()) as Call));
  },
});
