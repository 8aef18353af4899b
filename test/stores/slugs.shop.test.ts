// Tests a slug that passes from one product to another, whichever events come first.
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KafkaMessage } from 'kafkajs';
import { findIdBySlug } from '../../db/cassandra/products.ts';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { applyCatalogue } from '../../db/projections/apply.ts';
import { newId } from '../../domain/ids.ts';
import { StockChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { newReadSide, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';
import { nowUs, productEvent } from './poison-messages.ts';

let side: ReadSideOfTest;
beforeAll(async () => {
  side = await newReadSide(await openShop());
}, UP_LIMIT_MS);
afterAll(() => side.tables.close());

/** The events of one product, read in one batch. */
const apply = (topic: string, productId: string, ...values: Uint8Array[]) => {
  const key = Buffer.from(eventKey(side.storeId, productId));
  const messages = values.map((value) => ({ key, value: Buffer.from(value) }));
  return applyCatalogue(side.readSide)(topic, messages as unknown as KafkaMessage[]);
};

const named = (productId: string, slug: string, clockUs: bigint) =>
  productEvent({
    ...{ storeId: side.storeId, productId, clockUs },
    product: {
      ...{ slug, name: slug, status: 'published' },
      variants: [{ sku: slug, priceMinor: 100n, currency: 'USD' }],
    },
  });

const gone = (productId: string, clockUs: bigint) =>
  productEvent({ storeId: side.storeId, productId, clockUs, deleted: true });

const counted = (productId: string, clockUs: bigint) =>
  toBinary(
    StockChangedSchema,
    create(StockChangedSchema, { storeId: side.storeId, productId, clockUs, skus: [] }),
  );

describe('a slug leads to the product that took it last', () => {
  for (const [left, events] of [
    ['by another name', (id: string, at: bigint) => named(id, 'another', at)],
    ['by its end', gone],
  ] as const) {
    test(`though its first owner's event comes late, and its stock's early: left ${left}`, async () => {
      const [first, second] = [newId('product'), newId('product')];
      const slug = `slug-${left.replaceAll(' ', '-')}`;
      const at = nowUs();
      await apply(TOPICS.products, first, named(first, slug, at));
      await apply(TOPICS.stock, first, counted(first, at + 3_000n));
      await apply(TOPICS.products, second, named(second, slug, at + 2_000n));
      await apply(TOPICS.products, first, events(first, at + 1_000n));
      expect(await findIdBySlug(side.tables, side.storeId, slug)).toBe(second);
      await apply(TOPICS.products, second, gone(second, at + 4_000n));
      expect(await findIdBySlug(side.tables, side.storeId, slug)).toBeUndefined();
    });
  }

  test("though its first owner's event comes much later, after another change", async () => {
    const [first, second] = [newId('product'), newId('product')];
    const at = nowUs();
    await apply(TOPICS.products, first, named(first, 'folded', at));
    await apply(TOPICS.products, second, named(second, 'folded', at + 2_000n));
    const later = [named(first, 'first', at + 1_000n), named(first, 'second', at + 3_000n)];
    await apply(TOPICS.products, first, ...later);
    const leadsTo = (slug: string) => findIdBySlug(side.tables, side.storeId, slug);
    expect(await leadsTo('folded')).toBe(second);
    expect(await leadsTo('first')).toBeUndefined();
    expect(await leadsTo('second')).toBe(first);
  });
});
