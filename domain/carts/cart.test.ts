// Tests that carts lose no line, count no addition twice and keep their limits.
import { describe, expect, test } from 'bun:test';
import {
  EMPTY_CART,
  withBought,
  withLine,
  withMerged,
  withMore,
  without,
  type Cart,
  type CartLine,
} from './cart.ts';
import { judgeLine } from './findings.ts';

const lineOf = (sku: string, quantity: number, unitMinor = 500): CartLine => ({
  sku,
  quantity,
  unitMinor,
  productId: `prd_${sku}`,
  name: sku,
  currency: 'USD',
});
const cartOf = (...lines: CartLine[]): Cart => ({ ...EMPTY_CART, lines });
const pieces = ({ lines }: Cart) => lines.map(({ sku, quantity }) => [sku, quantity]);

describe('a cart', () => {
  test('adds to an existing line, keeps its position and takes the current price', () => {
    const cart = withMore(cartOf(lineOf('a', 1), lineOf('b', 1)), lineOf('a', 2, 600));
    expect(cart.lines).toEqual([lineOf('a', 3, 600), lineOf('b', 1)]);
  });

  test('applies an addition once per key and refuses another body under the key', () => {
    const addition = { key: 'k', body: 'one' };
    const once = withMore(EMPTY_CART, lineOf('a', 2), addition);
    expect(withMore(once, lineOf('a', 2), addition)).toBe(once);
    expect(() => withMore(once, lineOf('a', 3), { key: 'k', body: 'other' })).toThrow('other');
  });

  test('has at most 100 lines of at most 10,000 pieces', () => {
    const most = cartOf(...Array.from({ length: 100 }, (_, at) => lineOf(`s${at}`, 10_000)));
    expect(() => withMore(most, lineOf('new', 1))).toThrow('100 lines');
    expect(() => withMore(most, lineOf('s1', 1))).toThrow('10000 pieces');
    expect(withLine(most, lineOf('s1', 1)).lines).toHaveLength(100);
    expect(without(most, 's1').lines).toHaveLength(99);
  });

  test('merges another cart once and reports the lines that exceed its limits', () => {
    const mine = cartOf(...Array.from({ length: 99 }, (_, at) => lineOf(`s${at}`, 9_999)));
    const from = { id: 'crt_1', lines: [lineOf('s1', 3), lineOf('x', 1), lineOf('y', 2)] };
    const { cart, notTaken } = withMerged(mine, from);
    expect(cart.lines).toHaveLength(100);
    expect(notTaken).toEqual([
      { sku: 's1', quantity: 2 },
      { sku: 'y', quantity: 2 },
    ]);
    expect(withMerged(cart, from)).toEqual({ cart, notTaken: [] });
  });

  test('removes bought lines once and keeps lines added since', () => {
    const lines = [lineOf('a', 2), lineOf('b', 1)];
    const checkout = { key: 'k', principal: 'p', beganAtMs: 0, lines };
    const later = withMore({ ...cartOf(...lines), checkout }, lineOf('a', 1));
    const bought = withBought(later, 'k', 'ord_1');
    expect(pieces(bought)).toEqual([['a', 1]]);
    expect(withBought(bought, 'k', 'ord_1')).toBe(bought);
    expect(withBought(later, 'another', 'ord_1')).toBe(later);
  });
});

describe('a line', () => {
  const prices = new Map([['a', { unitMinor: 500, currency: 'USD' as const }]]);
  const judged = (quantity: number, left: number | undefined, known = true) =>
    judgeLine(lineOf('a', quantity), {
      prices: known ? prices : undefined,
      available: left === undefined ? undefined : new Map([['a', left]]),
    }).findings;

  test('has findings computed from current price and stock', () => {
    expect(judged(2, 2)).toEqual([]);
    expect(judged(3, 2)).toEqual(['FEWER_LEFT']);
    expect(judged(1, 0)).toEqual(['OUT_OF_STOCK']);
    expect(judged(1, undefined)).toEqual(['STOCK_UNKNOWN']);
    expect(judged(1, 1, false)).toEqual(['PRICE_UNKNOWN']);
  });

  test('with another price carries both prices, and one not for sale has no other finding', () => {
    const facts = { prices, available: new Map([['a', 9]]) };
    expect(judgeLine(lineOf('a', 1, 400), facts)).toMatchObject({
      unitMinor: 500,
      findings: ['PRICE_CHANGED'],
    });
    expect(judgeLine(lineOf('b', 1), facts)).toMatchObject({
      unitMinor: 500,
      findings: ['NOT_FOR_SALE'],
    });
  });
});
