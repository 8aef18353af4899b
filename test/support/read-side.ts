// Fills and queries the read side, with documents written as the projector writes them.
import { create } from '@bufbuild/protobuf';
import { createCursors } from '../../apis/http/cursors.ts';
import { appOf } from '../../apis/http/app.ts';
import { graphqlRoute } from '../../apis/search/graphql.ts';
import type { SearchDeps } from '../../apis/search/context.ts';
import { connectCassandra, type Cassandra } from '../../db/cassandra/client.ts';
import {
  findLiveSet,
  findLiveTables,
  groupOfSet,
  type TableSet,
} from '../../db/cassandra/table-sets.ts';
import { connectKafka } from '../../db/kafka/client.ts';
import { CATALOGUE_TOPICS } from '../../db/projections/catalogue-feed.ts';
import { findStored, putProjected } from '../../db/cassandra/products.ts';
import { NOTHING } from '../../db/cassandra/product-document.ts';
import { foldProduct, foldStock } from '../../db/projections/document.ts';
import { vocabularyOf } from '../../db/cassandra/listing-text.ts';
import { readSideOf, type ReadSide } from '../../db/projections/apply.ts';
import { newId, type StoreId } from '../../domain/ids.ts';
import { DEFAULT_LANGUAGE } from '../../domain/words/stems.ts';
import {
  ProductChangedSchema,
  StockChangedSchema,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { eventually } from './journeys.ts';
import type { Shop } from './shop.ts';

const telemetry = createTelemetry('test', 'fatal');

/** All table sets; statements go to the first unless one is named. */
export const cassandraOfAll = ({ env }: Shop): Cassandra =>
  connectCassandra({
    contactPoint: env['CASSANDRA_CONTACT_POINT'] ?? '',
    datacenter: 'datacenter1',
    keyspace: 'holdfast',
    telemetry,
  });

/** The live set, as it is now. */
export const tablesOf = (shop: Shop): Promise<TableSet> => findLiveTables(cassandraOfAll(shop));

/** Waits until no outbox and no topic has an unread event. */
export const everythingRead = async (
  { env, sql }: Shop,
  cassandra: Cassandra,
  limitMs?: number,
): Promise<void> => {
  const kafka = connectKafka([env['KAFKA_BROKERS'] ?? ''], 'test', telemetry);
  const isRead = async (): Promise<true | undefined> => {
    const [waiting] = await sql`select (select count(*) from products.outbox)
      + (select count(*) from inventory.outbox)
      + (select count(*) from inventory.stock_changes) as rows`;
    if (Number(waiting?.['rows']) > 0) return undefined;
    const groupId = groupOfSet(await findLiveSet(cassandra));
    const reaches = await kafka.reachOf(groupId, CATALOGUE_TOPICS);
    return reaches.every(({ reached, end }) => reached >= end) ? true : undefined;
  };
  try {
    await eventually('everything is sent and read', isRead, limitMs);
  } finally {
    await kafka.close();
  }
};

export interface Ware {
  id: string;
  name: string;
  description?: string;
  priceMinor: number;
  attributes?: Record<string, string>;
  collectionIds?: string[];
  positions?: Record<string, number>;
  available?: number;
  createdAtUs: number;
  skus?: string[];
  /** The options of each variant, in the order of the skus. */
  options?: Record<string, string>[];
}

let lastUs = Date.now() * 1_000;
const nextUs = (): bigint => BigInt((lastUs = Math.max(lastUs + 1, Date.now() * 1_000)));

/** Writes (or with `deleted` removes) one product as the projector would, then its stock. */
export const putWare = async (
  readSide: ReadSide,
  storeId: StoreId,
  ware: Ware,
  deleted = false,
): Promise<void> => {
  const { tables, remember } = readSide;
  const skus = ware.skus ?? [ware.id.slice(4)];
  const before = await findStored(tables, storeId, ware.id);
  const changed = create(ProductChangedSchema, {
    storeId,
    productId: ware.id,
    version: 1n,
    clockUs: nextUs(),
    deleted,
    ...(!deleted && {
      product: {
        slug: ware.id.slice(4),
        name: ware.name,
        description: ware.description ?? '',
        status: 'published',
        attributes: ware.attributes ?? {},
        collectionIds: ware.collectionIds ?? [],
        places: ware.positions ?? {},
        createdAtUs: BigInt(ware.createdAtUs),
        updatedAtUs: BigInt(ware.createdAtUs),
        variants: skus.map((sku, position) => ({
          sku,
          position,
          options: ware.options?.[position] ?? {},
          priceMinor: BigInt(ware.priceMinor),
          currency: 'USD',
        })),
      },
    }),
  });
  const stock = create(StockChangedSchema, {
    storeId,
    productId: ware.id,
    clockUs: nextUs(),
    skus: skus.map((sku) => ({ sku, available: ware.available ?? 0 })),
  });
  const known = foldProduct(before ?? NOTHING, changed) ?? NOTHING;
  if (known.document) await remember(storeId, vocabularyOf(known.document));
  await putProjected(readSide, storeId, ware.id, before, known);
  const published = await findStored(tables, storeId, ware.id);
  await putProjected(
    readSide,
    storeId,
    ware.id,
    published,
    foldStock(published ?? known, stock) ?? known,
  );
};

export interface Searched<T> {
  data?: T;
  errors?: { message: string; extensions: { code: string } }[];
}

/** GraphQL of one store, executed without a listener. */
export const searchOf = (
  live: () => Promise<TableSet>,
  storeId: StoreId,
  languageOf: SearchDeps['languageOf'] = async () => DEFAULT_LANGUAGE,
) => {
  const none = async () => ({ stock: [] });
  const deps = {
    tables: live,
    languageOf,
    cursors: createCursors('the secret of a test'),
    telemetry,
    inventory: { batchGetStock: none },
  } as unknown as SearchDeps;
  const app = appOf({
    routes: [graphqlRoute(deps)],
    telemetry,
    authenticate: async () => ({ kind: 'anyone', storeId }),
  });
  return async <T>(query: string, variables: Record<string, unknown> = {}): Promise<T> => {
    const request = new Request('http://search/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    const response = await app.fetch(request);
    const { data, errors } = (await response.json()) as Searched<T>;
    if (errors || data === undefined) throw new Error(JSON.stringify(errors));
    return data;
  };
};

export type ReadSideOfTest = Awaited<ReturnType<typeof newReadSide>>;
export type Search = ReturnType<typeof searchOf>;

/** A store of this test alone on the read side. */
export const newReadSide = async (shop: Shop, languageOf?: SearchDeps['languageOf']) => {
  const tables = await tablesOf(shop);
  const storeId = newId('store');
  const request = searchOf(async () => tables, storeId, languageOf);
  return { tables, storeId, readSide: readSideOf(tables), request };
};
