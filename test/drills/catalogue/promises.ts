// Checks the catalogue's promises P1, P2, P5 and P7 from the records of Postgres and Kafka.
import { fromBinary } from '@bufbuild/protobuf';
import type { Cassandra } from '../../../db/cassandra/client.ts';
import { findStored } from '../../../db/cassandra/products.ts';
import { TOPICS } from '../../../db/kafka/topics.ts';
import { NOTHING, type Projected } from '../../../db/cassandra/product-document.ts';
import { foldProduct, foldStock } from '../../../db/projections/document.ts';
import type { StoreId } from '../../../domain/ids.ts';
import {
  CollectionChangedSchema,
  ProductChangedSchema,
  StockChangedSchema,
} from '../../../proto/gen/holdfast/events/v1/events_pb.ts';
import type { Published } from '../../support/kafka.ts';
import type { Broken } from '../at-rest.ts';
import type { Seen } from './witness.ts';

/** The changes of one transaction to one product or collection. */
interface Written {
  version: number;
  isDeleted: boolean;
}

/** The object of a changed row: rows of a product's tables belong to the product. */
const SUBJECTS: Record<string, string> = {
  'products.products': 'id',
  'products.variants': 'product_id',
  'products.product_collections': 'product_id',
  'products.collections': 'id',
};

const nameOf = ({ xid }: Seen, id: string): string => `${id} in ${xid}`;

/** Groups by transaction and object; rows that changed without their product have no version. */
const writesIn = (seen: Seen[]): Map<string, Written | undefined> => {
  const writes = new Map<string, Written | undefined>();
  for (const one of seen) {
    const column = SUBJECTS[one.of];
    if (!column) continue;
    const name = nameOf(one, String(one.row[column]));
    const isOwn = column === 'id';
    if (!isOwn) writes.set(name, writes.get(name));
    else writes.set(name, { version: Number(one.row['version']), isDeleted: one.op === 'DELETE' });
  }
  return writes;
};

const bytesOf = ({ row }: Seen): Uint8Array =>
  Buffer.from(String(row['value']).replace(/^\\x/, ''), 'hex');

/** The fields of a row of the catalogue's outbox. */
const eventsOf = (one: Seen): { id: string } & Written => {
  if (one.row['topic'] === TOPICS.collections) {
    const event = fromBinary(CollectionChangedSchema, bytesOf(one));
    const { collectionId: id, version, deleted: isDeleted } = event;
    return { id, version: Number(version), isDeleted };
  }
  const { productId: id, version, deleted } = fromBinary(ProductChangedSchema, bytesOf(one));
  return { id, version: Number(version), isDeleted: deleted };
};

/** P1: each transaction publishes each product or collection it has changed exactly once. */
export const writesAndEvents = (seen: Seen[]): Broken => {
  const writes = writesIn(seen);
  const broken: Broken = [];
  const announced = new Set<string>();
  for (const one of seen.filter(({ of }) => of === 'products.outbox')) {
    const { id, version, isDeleted } = eventsOf(one);
    const name = nameOf(one, id);
    const written = writes.get(name);
    if (announced.has(name)) broken.push(`P1 ${name} is published twice`);
    announced.add(name);
    if (written?.version !== version || written.isDeleted !== isDeleted) {
      broken.push(`P1 ${name} is published as ${version}, and was ${JSON.stringify(written)}`);
    }
  }
  for (const name of writes.keys()) {
    if (!announced.has(name)) broken.push(`P1 ${name} was written and never published`);
  }
  return broken;
};

const idOf = ({ message }: Published): string | undefined => message.headers?.['ce_id']?.toString();

/** P2: exactly the outbox's rows are on their topics, those of one key in order. */
export const eventsAndTopics = (storeId: StoreId, seen: Seen[], published: Published[]): Broken => {
  const own = published.filter(({ message }) => message.key?.toString().startsWith(`${storeId}/`));
  const missing = new Map(
    seen
      .filter(({ of }) => of.endsWith('.outbox'))
      .map(({ of, row }) => [`${of.split('.')[0]}/${String(row['id'])}`, row]),
  );
  const known = new Set(missing.keys());
  const last = new Map<string, number>();
  const broken: Broken = [];
  for (const one of own) {
    const id = idOf(one);
    if (id === undefined) continue;
    if (!known.has(id)) broken.push(`P2 ${id} is published and was never committed`);
    // A repetition after a crash is allowed; the first copies must be in order.
    if (!missing.delete(id)) continue;
    const place = `${one.topic} ${one.message.key?.toString()}`;
    const number = Number(id.split('/')[1]);
    if (number < (last.get(place) ?? 0)) broken.push(`P2 ${id} of ${place} is late`);
    last.set(place, number);
  }
  return [...broken, ...[...missing.keys()].map((id) => `P2 ${id} was never published`)];
};

/** P5: only planted messages of this store are dead letters. */
export const buriedOnes = (storeId: StoreId, buried: Published[], planted: number): Broken => {
  const own = buried.filter(({ message }) => message.key?.toString().startsWith(`${storeId}/`));
  const causes = own.map(({ message }) => String(message.headers?.['holdfast_cause']));
  return own.length === planted
    ? []
    : [`P5 ${own.length} dead letters, ${planted} planted: ${[...new Set(causes)].join(', ')}`];
};

const folded = (known: Projected, { topic, message }: Published): Projected | undefined => {
  const bytes = message.value ?? new Uint8Array();
  return topic === TOPICS.stock
    ? foldStock(known, fromBinary(StockChangedSchema, bytes))
    : foldProduct(known, fromBinary(ProductChangedSchema, bytes));
};

/** Every product of the store, built from the topics alone; planted poison is left out. */
const rebuilt = (storeId: StoreId, published: Published[]): Map<string, Projected> => {
  const products = new Map<string, Projected>();
  for (const one of published) {
    const key = one.message.key?.toString() ?? '';
    const isOurs = key.startsWith(`${storeId}/`) && one.topic !== TOPICS.collections;
    if (!isOurs || idOf(one) === undefined) continue;
    const id = key.slice(storeId.length + 1);
    const known = products.get(id) ?? NOTHING;
    products.set(id, folded(known, one) ?? known);
  }
  return products;
};

const contentOf = ({ productClockUs, stockClockUs, deleted, document, stock }: Projected): string =>
  JSON.stringify([
    ...[productClockUs, stockClockUs, deleted, document],
    Object.entries(stock).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

/** P7: each product built from the topics alone equals the live one. */
export const rebuiltFromZero = async (
  cassandra: Cassandra,
  storeId: StoreId,
  published: Published[],
): Promise<Broken> => {
  const broken: Broken = [];
  for (const [id, made] of rebuilt(storeId, published)) {
    const live = await findStored(cassandra, storeId, id);
    if (!live || contentOf(live) !== contentOf(made)) broken.push(`P7 ${id} is built differently`);
  }
  return broken;
};
