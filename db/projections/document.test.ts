// Tests that folding is independent of arrival order: the newest event per source clock wins.
import { describe, expect, test } from 'bun:test';
import { create } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  ProductChangedSchema,
  StockChangedSchema,
  type ProductChanged,
  type StockChanged,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import {
  isInStock,
  NOTHING,
  writeTimestampUs,
  type Projected,
} from '../cassandra/product-document.ts';
import { documentOf, foldProduct, foldStock } from './document.ts';

const ID = 'prd_1';
const product = (clockUs: number, name = `name at ${clockUs}`, skus = ['a', 'b']): ProductChanged =>
  create(ProductChangedSchema, {
    storeId: 'sto_default',
    productId: ID,
    version: BigInt(clockUs),
    clockUs: BigInt(clockUs),
    product: {
      slug: 'trail-shoe',
      name,
      status: 'published',
      createdAtUs: 1n,
      updatedAtUs: BigInt(clockUs),
      variants: skus.map((sku, position) => ({
        sku,
        title: sku,
        position,
        priceMinor: BigInt(1_000 - position),
        currency: 'EUR',
      })),
    },
  });
const deletion = (clockUs: number): ProductChanged =>
  create(ProductChangedSchema, { productId: ID, clockUs: BigInt(clockUs), deleted: true });
const stock = (clockUs: number, skus: Record<string, number>): StockChanged =>
  create(StockChangedSchema, {
    productId: ID,
    clockUs: BigInt(clockUs),
    skus: Object.entries(skus).map(([sku, available]) => ({ sku, available })),
  });

type Event = ProductChanged | StockChanged;
const foldOf = (known: Projected, event: Event): Projected | undefined =>
  event.$typeName === 'holdfast.events.v1.ProductChanged'
    ? foldProduct(known, event)
    : foldStock(known, event);
const after = (...events: Event[]): Projected =>
  events.reduce((known, event) => foldOf(known, event) ?? known, NOTHING);

describe('the folded state of a product', () => {
  test('is that of its first event', () => {
    const known = after(product(5));
    expect(known).toMatchObject({ productClockUs: 5, stockClockUs: 0, deleted: false, stock: {} });
    expect(known.document).toEqual(documentOf(product(5)));
  });

  test('takes the newer event', () => {
    expect(after(product(5), product(6)).document?.name).toBe('name at 6');
    expect(after(stock(5, { a: 1 }), stock(6, { a: 2 })).stock).toEqual({ a: 2 });
  });

  test('is unchanged by an older or repeated event', () => {
    const known = after(product(5), stock(5, { a: 1 }));
    for (const clockUs of [4, 5]) {
      expect(foldProduct(known, product(clockUs, 'another'))).toBeUndefined();
      expect(foldProduct(known, deletion(clockUs))).toBeUndefined();
      expect(foldStock(known, stock(clockUs, { a: 9 }))).toBeUndefined();
    }
  });

  test('has one clock per source, independent of the other', () => {
    const lateStock = after(product(100), stock(1, { a: 3 }));
    expect(lateStock).toMatchObject({ productClockUs: 100, stockClockUs: 1, stock: { a: 3 } });
    const lateProduct = after(stock(100, { a: 3 }), product(1));
    expect(lateProduct).toMatchObject({ productClockUs: 1, stockClockUs: 100, stock: { a: 3 } });
    expect(lateProduct.document?.name).toBe('name at 1');
  });

  test('drops skus that the newest stock event does not name', () => {
    expect(after(stock(1, { a: 1, b: 2 }), stock(2, { b: 5 })).stock).toEqual({ b: 5 });
  });

  test('is a marker after deletion, which an older event does not undo', () => {
    const gone = after(product(5), deletion(6));
    expect(gone).toMatchObject({ deleted: true, productClockUs: 6 });
    expect(gone.document).toBeUndefined();
    expect(foldProduct(gone, product(5))).toBeUndefined();
    expect(after(deletion(6), product(5))).toEqual(gone);
  });

  test('exists again after a later creation', () => {
    expect(after(product(5), deletion(6), product(7))).toMatchObject({
      deleted: false,
      document: { name: 'name at 7' },
    });
  });

  test('is not mutated by a fold', () => {
    const known = Object.freeze(after(product(5), stock(5, { a: 1 })));
    Object.freeze(known.stock);
    foldProduct(known, deletion(6));
    foldStock(known, stock(6, { a: 2 }));
    expect(known).toMatchObject({ productClockUs: 5, deleted: false, stock: { a: 1 } });
    expect(NOTHING.stock).toEqual({});
  });

  const clocks = fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 52 }), { maxLength: 8 });
  const products = clocks.chain((all) =>
    fc.tuple(
      ...all.map((at) =>
        fc.constantFrom(product(at), product(at, `other at ${at}`, ['c']), deletion(at)),
      ),
    ),
  );
  const stocks = clocks.chain((all) =>
    fc.tuple(
      ...all.map((at) =>
        fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.nat()).map((skus) => stock(at, skus)),
      ),
    ),
  );
  /** The events in two orders, some of them delivered again. */
  const deliveries = fc.tuple(products, stocks).chain(([changes, levels]) => {
    const all: Event[] = [...changes, ...levels];
    const shuffled = fc.shuffledSubarray(all, { minLength: all.length });
    return fc.record({ first: shuffled, second: shuffled, again: fc.shuffledSubarray(all) });
  });

  test('does not depend on the order of events or on repeats', () => {
    fc.assert(
      fc.property(deliveries, ({ first, second, again }) => {
        expect(after(...second, ...again)).toEqual(after(...first));
        expect(after(...again, ...second)).toEqual(after(...first));
      }),
      { numRuns: 500, seed: 7 },
    );
  });
});

describe('a document', () => {
  test('shows the cheapest price, in plain numbers, and nothing undefined', () => {
    const document = documentOf(product(5));
    expect(document).toMatchObject({
      id: ID,
      priceFromMinor: 999,
      currency: 'EUR',
      version: 5,
      updatedAtUs: 5,
    });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.variants.map((variant) => 'compareAtMinor' in variant)).toEqual([false, false]);
  });

  test('keeps a former price, even of zero', () => {
    const event = product(5);
    const [variant] = event.product?.variants ?? [];
    if (variant) variant.compareAtMinor = 0n;
    expect(documentOf(event).variants[0]?.compareAtMinor).toBe(0);
  });

  test('cannot be made from an event without a product, a variant or a known currency', () => {
    const empty = create(ProductChangedSchema, { productId: ID, clockUs: 5n });
    expect(() => documentOf(empty)).toThrow('without variants');
    expect(() => documentOf(product(5, 'bare', []))).toThrow('without variants');
    const strange = product(5);
    const [variant] = strange.product?.variants ?? [];
    if (variant) variant.currency = 'XXX';
    expect(() => documentOf(strange)).toThrow('currency');
  });
});

describe('a product in stock', () => {
  const CASES: [what: string, events: Event[], inStock: boolean][] = [
    ['has units of any variant left', [product(1), stock(1, { a: 0, b: 1 })], true],
    ['has none when all are at zero', [product(1), stock(1, { a: 0, b: 0 })], false],
    ['has none without a stock event', [product(1)], false],
    ['is absent without a product', [stock(1, { a: 5 })], false],
    ['is absent after deletion', [product(1), stock(1, { a: 5 }), deletion(2)], false],
    ['has none of a variant it no longer has', [product(1), stock(1, { z: 5 })], false],
  ];
  test.each(CASES)('%s', (_what, events, inStock) => {
    expect(isInStock(after(...events))).toBe(inStock);
  });
});

describe('a write', () => {
  test('has a write timestamp at or above its clocks and above the last write', () => {
    const clock = fc.nat({ max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(clock, clock, clock, (productClockUs, stockClockUs, writtenAtUs) => {
        const known = { ...NOTHING, productClockUs, stockClockUs, writtenAtUs };
        const at = writeTimestampUs(known);
        expect(at).toBeGreaterThan(writtenAtUs);
        expect(at).toBeGreaterThanOrEqual(productClockUs);
        expect(at).toBeGreaterThanOrEqual(stockClockUs);
        expect([productClockUs, stockClockUs, writtenAtUs + 1]).toContain(at);
      }),
      { seed: 7 },
    );
  });
});
