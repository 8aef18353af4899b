// Tests which rows a stock event writes on the read side: only those that change.
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KafkaMessage } from 'kafkajs';
import { findStored } from '../../db/cassandra/products.ts';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { applyCatalogue, readSideOf } from '../../db/projections/apply.ts';
import { DomainError } from '../../domain/errors.ts';
import { newId, type ProductId } from '../../domain/ids.ts';
import { StockChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { eventually } from '../support/journeys.ts';
import { newReadSide, type ReadSideOfTest } from '../support/read-side.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { deleted, nowUs, productEvent } from '../stores/poison-messages.ts';

/** Cassandra has to start again. */
const SERVER_LIMIT_MS = 300_000;

interface Written {
  rows: number;
  /** Rows with the product's words, whose indexing is the main cost of a write. */
  words: number;
}

/**
 * The keys of its rows, one row a sort, one of a collection's own order, its slug, and the product's
 * own row.
 */
const EVERYTHING: Written = { rows: 8, words: 5 };
const WHETHER_THERE_IS_ANY: Written = { rows: 6, words: 0 };
const ENDED: Written = { rows: 7, words: 0 };
const OWN_ROW: Written = { rows: 1, words: 0 };

let shop: BreakableShop;
let side: ReadSideOfTest;
beforeAll(async () => {
  shop = await breakableShop();
  side = await newReadSide(shop);
}, UP_LIMIT_MS);
afterAll(() => side.tables.close());

/** Judges a write before it is sent, and after it is. */
interface Crash {
  before(): void;
  after(): void;
}
const NO_CRASH: Crash = { before: () => undefined, after: () => undefined };

/** A product whose events are applied one by one; each returns what was written. */
const newProduct = (crash = NO_CRASH) => {
  const productId: ProductId = newId('product');
  const shelf = newId('collection');
  const startedUs = nowUs();
  let clockUs = startedUs;
  let written: string[] = [];
  const { tables, storeId } = side;
  const group: typeof tables.group = async (name, statements) => {
    crash.before();
    written.push(...statements.map(({ query }) => query));
    await tables.group(name, statements);
    crash.after();
  };
  const apply = applyCatalogue(readSideOf({ ...tables, group }));
  const key = Buffer.from(eventKey(storeId, productId));
  const published = async (topic: string, value: Uint8Array): Promise<Written> => {
    written = [];
    const message = { key, value: Buffer.from(value) } as unknown as KafkaMessage;
    expect(await apply(topic, [message])).toEqual(['applied']);
    const words = written.filter((query) => query.includes('tokens')).length;
    return { rows: written.length, words };
  };
  const [first, second] = ['ONE', 'TWO'].map((sku) => `${sku}-${productId.slice(4)}`);
  const variants = [first, second].map((sku) => ({
    ...{ sku: sku ?? '', priceMinor: 100n, currency: 'USD' },
  }));
  const body = { slug: productId.slice(4), status: 'published', createdAtUs: startedUs };
  return {
    name: (name: string) =>
      published(
        TOPICS.products,
        productEvent({
          ...{ storeId, productId, clockUs: ++clockUs },
          product: { ...body, name, collectionIds: [shelf], variants },
        }),
      ),
    end: () => published(TOPICS.products, deleted(productId, ++clockUs, storeId)),
    count: (...units: [number, number]) =>
      published(
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
      const { products } = await side.request<Found>(IN_STOCK);
      return products.edges.some(({ node }) => node.id === productId);
    },
    stock: async () => (await findStored(tables, storeId, productId))?.stock,
    skus: [first ?? '', second ?? ''] as const,
  };
};

interface Found {
  products: { edges: { node: { id: string } }[] };
}
const SORTS = ['RELEVANCE', 'NEWEST', 'PRICE_ASC', 'PRICE_DESC', 'NAME'];

/** How many products of this word are in each order, with stock and without. */
const foundOf = async (word: string, inStock: boolean): Promise<number[]> => {
  const answers = await Promise.all(
    SORTS.map((sort) =>
      side.request<Found>(`{ products(text: "${word}", priceMax: 10, sort: ${sort}, inStock: ${inStock}) {
        edges { node { id } } } }`),
    ),
  );
  return [...new Set(answers.map(({ products }) => products.edges.length))];
};

const IN_STOCK = `{ products(inStock: true, sort: NEWEST, first: 50) { edges { node { id } } } }`;

/** How many products of this word are in each order, whatever their stock. */
const listedOf = async (word: string): Promise<number[]> => {
  const answers = await Promise.all(
    SORTS.map((sort) =>
      side.request<Found>(`{ products(text: "${word}", sort: ${sort}) { edges { node { id } } } }`),
    ),
  );
  return answers.map(({ products }) => products.edges.length);
};

describe('a product whose write breaks off anywhere', () => {
  const places = ['before', 'after'] as const;
  test.each(places)('is in each order once after its next event: %s each write', async (place) => {
    for (let at = 1; ; at++) {
      let writes = 0;
      let isBroken = false;
      const one = newProduct({
        ...NO_CRASH,
        [place]: () => {
          if (++writes !== at) return;
          isBroken = true;
          throw new DomainError('UNAVAILABLE', 'the write breaks off');
        },
      });
      const [old, now] = [`Old${one.skus[0].slice(8)}`, `Now${one.skus[0].slice(8)}`];
      await one.name(old).catch(() => undefined);
      const isOver = !isBroken;
      writes = Number.NEGATIVE_INFINITY;
      await one.name(now);
      expect([at, await listedOf(old), await listedOf(now)]).toEqual([
        at,
        SORTS.map(() => 0),
        SORTS.map(() => 1),
      ]);
      await one.end();
      expect([at, await listedOf(now)]).toEqual([at, SORTS.map(() => 0)]);
      if (isOver) return;
    }
  });
});

describe('a stock event', () => {
  test('writes the product alone, and its listings only when it sells out or is in stock again', async () => {
    const one = newProduct();
    expect(await one.name('Kettle')).toEqual(EVERYTHING);
    expect(await one.count(5, 0)).toEqual(WHETHER_THERE_IS_ANY);
    expect(await one.isFound()).toBe(true);
    expect(await one.count(4, 0)).toEqual(OWN_ROW);
    expect(await one.count(0, 3)).toEqual(OWN_ROW);
    expect(await one.isFound()).toBe(true);
    expect(await one.stock()).toEqual({ [one.skus[0]]: 0, [one.skus[1]]: 3 });
    expect(await one.count(0, 0)).toEqual(WHETHER_THERE_IS_ANY);
    expect(await one.isFound()).toBe(false);
  });

  test('does not prevent a later change or deletion of the product in its listings', async () => {
    const one = newProduct();
    await one.name('Kettle');
    await one.count(5, 0);
    await one.count(4, 0);
    expect((await one.name('Kettle of another name')).words).toBe(EVERYTHING.words);
    await one.count(3, 0);
    expect(await one.end()).toEqual(ENDED);
    expect(await one.isFound()).toBe(false);
    expect(await one.count(9, 9)).toEqual(OWN_ROW);
    expect(await one.isFound()).toBe(false);
  });

  test(
    'is found with words that were flushed to disk before it',
    async () => {
      const one = newProduct();
      await one.name('Samovar');
      expect([await foundOf('samovar', true), await foundOf('samovar', false)]).toEqual([[0], [1]]);
      // A node that starts writes its memory and its commit log to disk.
      await shop.kill('cassandra');
      await shop.start('cassandra');
      await eventually('the tables are ready', () => one.stock().catch(() => undefined));
      expect(await one.count(2, 0)).toEqual(WHETHER_THERE_IS_ANY);
      expect([await foundOf('samovar', true), await foundOf('samovar', false)]).toEqual([[1], [0]]);
    },
    SERVER_LIMIT_MS,
  );
});
