// What news of stock writes of a product on the read side: no more than what has changed.
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KafkaMessage } from 'kafkajs';
import { findStored } from '../../db/cassandra/products.ts';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { applyCatalogue, readSideOf } from '../../db/projections/apply.ts';
import { newId, type ProductId } from '../../domain/ids.ts';
import { StockChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { newReadSide, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';
import { deleted, nowUs, productEvent } from './poison-messages.ts';

/** The product's own row, one a sort, one of a collection's own order, and its slug. */
const ALL_ROWS = 7;
const OWN_ROW = 1;

let side: ReadSideOfTest;
beforeAll(async () => {
  side = await newReadSide(await openShop());
}, UP_LIMIT_MS);
afterAll(() => side.tables.close());

/** A product whose news is applied one by one; each answers how many rows were written. */
const newProduct = () => {
  const productId: ProductId = newId('product');
  const shelf = newId('collection');
  const startedUs = nowUs();
  let clockUs = startedUs;
  let written = 0;
  const { tables, storeId } = side;
  const batch: typeof tables.batch = (name, statements, timestampUs) => {
    if (name.startsWith('products.')) written += statements.length;
    return tables.batch(name, statements, timestampUs);
  };
  const apply = applyCatalogue(readSideOf({ ...tables, batch }));
  const key = Buffer.from(eventKey(storeId, productId));
  const told = async (topic: string, value: Uint8Array): Promise<number> => {
    written = 0;
    const message = { key, value: Buffer.from(value) } as unknown as KafkaMessage;
    expect(await apply(topic, [message])).toEqual(['applied']);
    return written;
  };
  const [first, second] = ['ONE', 'TWO'].map((sku) => `${sku}-${productId.slice(4)}`);
  const variants = [first, second].map((sku) => ({
    ...{ sku: sku ?? '', priceMinor: 100n, currency: 'USD' },
  }));
  const body = { slug: productId.slice(4), status: 'published', createdAtUs: startedUs };
  return {
    name: (name: string) =>
      told(
        TOPICS.products,
        productEvent({
          ...{ storeId, productId, clockUs: ++clockUs },
          product: { ...body, name, collectionIds: [shelf], variants },
        }),
      ),
    end: () => told(TOPICS.products, deleted(productId, ++clockUs, storeId)),
    count: (...units: [number, number]) =>
      told(
        TOPICS.stock,
        toBinary(
          StockChangedSchema,
          create(StockChangedSchema, {
            ...{ storeId, productId, clockUs: ++clockUs },
            skus: [first, second].map((sku, at) => ({ sku: sku ?? '', available: units[at] ?? 0 })),
          }),
        ),
      ),
    isFound: async (): Promise<boolean> => {
      const { products } = await side.ask<Found>(IN_STOCK);
      return products.edges.some(({ node }) => node.id === productId);
    },
    stock: async () => (await findStored(tables, storeId, productId))?.stock,
    skus: [first ?? '', second ?? ''] as const,
  };
};

interface Found {
  products: { edges: { node: { id: string } }[] };
}
const IN_STOCK = `{ products(inStock: true, sort: NEWEST, first: 50) { edges { node { id } } } }`;

describe('news of stock', () => {
  test('writes the product alone, and its listings only when it comes or goes', async () => {
    const one = newProduct();
    expect(await one.name('Kettle')).toBe(ALL_ROWS);
    expect(await one.count(5, 0)).toBe(ALL_ROWS);
    expect(await one.isFound()).toBe(true);
    expect(await one.count(4, 0)).toBe(OWN_ROW);
    expect(await one.count(0, 3)).toBe(OWN_ROW);
    expect(await one.isFound()).toBe(true);
    expect(await one.stock()).toEqual({ [one.skus[0]]: 0, [one.skus[1]]: 3 });
    expect(await one.count(0, 0)).toBe(ALL_ROWS);
    expect(await one.isFound()).toBe(false);
  });

  test('does not keep a change of the product from its listings, nor its end', async () => {
    const one = newProduct();
    await one.name('Kettle');
    await one.count(5, 0);
    await one.count(4, 0);
    expect(await one.name('Kettle of another name')).toBeGreaterThanOrEqual(ALL_ROWS);
    await one.count(3, 0);
    expect(await one.end()).toBe(ALL_ROWS);
    expect(await one.isFound()).toBe(false);
    expect(await one.count(9, 9)).toBe(OWN_ROW);
    expect(await one.isFound()).toBe(false);
  });
});
