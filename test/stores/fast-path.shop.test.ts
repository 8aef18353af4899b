// Tests holds and their endings on the real ledger: the policy's result, in one statement if
// possible.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import {
  claimReservation,
  expireReservation,
  releaseReservation,
} from '../../db/postgres/ledger/endings.ts';
import { holdStock } from '../../db/postgres/ledger/reservations.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { allocate } from '../../domain/allocation.ts';
import { DEFAULT_STORE as storeId } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { expectLedgerAddsUp } from '../support/stock-invariants.ts';

const LIMIT_MS = 120_000;
const RUNS = 150;
const HOLD_MS = 600_000;
const LONG_WAYS = ['reservations.hold', 'reservations.claim', 'reservations.release'];

let shop: Shop;
let pg: Pg;
/** Every call of the ledger by name, in order. */
const called: string[] = [];
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'silent');
  const timed: typeof telemetry.timed = (kind, name, work) => {
    called.push(name);
    return telemetry.timed(kind, name, work);
  };
  const url = shop.env['POSTGRES_URL'] ?? '';
  pg = connectPostgres({ url, telemetry: { ...telemetry, timed }, connectionsMax: 4 });
}, UP_LIMIT_MS);
afterAll(() => pg.close());

/** Units by location, of one sku. */
type Shelves = Record<string, number>;

/** New skus with these units, written to the ledger; Redis has no role in this test. */
const stocked = async (shelves: Shelves[]): Promise<string[]> => {
  const own = crypto.randomUUID();
  const rows = shelves.flatMap((units, at) =>
    Object.entries(units).map(([location, quantity]) => ({
      ...{ store_id: storeId, sku: `T-${at}-${own}`, location, product_id: `prd_${own}` },
      ...{ on_hand: quantity, reserved: 0, version: 1 },
    })),
  );
  await shop.sql`insert into inventory.balances ${shop.sql(rows)}`;
  const moved = rows.map(({ sku, location, on_hand: quantity }) => ({
    ...{ store_id: storeId, sku, location, kind: 'received', quantity, reference: own },
  }));
  await shop.sql`insert into inventory.movements ${shop.sql(moved)}`;
  return shelves.map((_, at) => `T-${at}-${own}`);
};

const freeOf = (skus: string[]) =>
  shop.sql<{ sku: string; location: string; available: number }[]>`
    select sku, location, on_hand - reserved as available from inventory.balances
    where sku in ${shop.sql(skus)} order by sku, location`;

const newHold = (demand: { sku: string; quantity: number }[]) => ({
  ...{ storeId, id: crypto.randomUUID(), demand, expiresInMs: HOLD_MS, epoch: undefined },
});

const units = fc.integer({ min: 0, max: 4 });
const shelvesOfSku = fc
  .record({ north: units, south: units, west: units }, { requiredKeys: [] })
  .filter((shelves) => Object.keys(shelves).length > 0);
const wanted = fc.array(fc.tuple(shelvesOfSku, fc.integer({ min: 1, max: 5 })), {
  ...{ minLength: 1, maxLength: 3 },
});

const ENDINGS = { claimed: claimReservation, released: releaseReservation } as const;

describe('a hold', () => {
  test(
    'takes what the policy takes, and its ending releases or sells exactly that',
    async () => {
      const everySku: string[] = [];
      const check = async (
        lines: [Shelves, number][],
        ending: keyof typeof ENDINGS,
      ): Promise<void> => {
        const skus = await stocked(lines.map(([shelves]) => shelves));
        everySku.push(...skus);
        const demand = skus.map((sku, at) => ({ sku, quantity: lines[at]?.[1] ?? 0 }));
        const before = await freeOf(skus);
        const expected = allocate(demand, before);
        const hold = newHold(demand);
        const answer = await holdStock(pg, hold);
        if (!expected) {
          expect(answer.outcome).toBe('short');
          expect(await freeOf(skus)).toEqual(before);
          return;
        }
        expect(answer).toMatchObject({ reservation: { takings: expected, state: 'held' } });
        expect(await holdStock(pg, hold)).toMatchObject({ reservation: { takings: expected } });
        const ended = await ENDINGS[ending](pg, storeId, hold.id);
        expect(ended?.reservation).toMatchObject({ lines: demand, state: ending });
        const left = new Map(before.map((row) => [`${row.sku} ${row.location}`, row.available]));
        if (ending === 'claimed') {
          for (const { sku, location, quantity } of expected) {
            const place = `${sku} ${location}`;
            left.set(place, (left.get(place) ?? 0) - quantity);
          }
        }
        const after = await freeOf(skus);
        expect(after.map((row) => row.available)).toEqual([...left.values()]);
        for (const level of ended?.levels ?? []) {
          const own = after.filter((row) => row.sku === level.sku);
          expect(level.available).toBe(own.reduce((sum, row) => sum + row.available, 0));
        }
      };
      const ending = fc.constantFrom('claimed' as const, 'released' as const);
      const property = fc.asyncProperty(wanted, ending, check);
      await fc.assert(property, { numRuns: RUNS, seed: 20_261_125, endOnFailure: true });
      await expectLedgerAddsUp(shop, everySku);
    },
    LIMIT_MS,
  );

  test('that leaves some of each sku is one statement, and so is its ending', async () => {
    const [first = '', second = ''] = await stocked([{ north: 9, south: 9 }, { south: 9 }]);
    const demand = [first, second].map((sku) => ({ sku, quantity: 2 }));
    called.length = 0;
    const [sold, back] = [newHold(demand), newHold(demand)];
    for (const hold of [sold, back]) {
      const answer = await holdStock(pg, hold);
      const takings = demand.map((line) => ({ ...line, location: 'south' }));
      expect(answer).toMatchObject({ outcome: 'held', reservation: { takings } });
    }
    await claimReservation(pg, storeId, sold.id);
    await releaseReservation(pg, storeId, back.id);
    expect(called).toEqual([
      ...['reservations.holdFast', 'reservations.holdFast'],
      ...['reservations.endFast', 'reservations.endFast'],
    ]);
  });

  test("of the last units does not use the fast path, and its product's event is published at once", async () => {
    const [sku = ''] = await stocked([{ north: 3 }]);
    const productId = `prd_${sku.slice('T-0-'.length)}`;
    const clock = async () => {
      const rows = await shop.sql`select clock_us from inventory.stock_clocks
        where product_id = ${productId}`;
      return Number(rows[0]?.['clock_us'] ?? 0);
    };
    called.length = 0;
    const hold = newHold([{ sku, quantity: 3 }]);
    expect(await holdStock(pg, hold)).toMatchObject({ outcome: 'held' });
    const soldOutAt = await clock();
    expect(soldOutAt).toBeGreaterThan(0);
    await releaseReservation(pg, storeId, hold.id);
    expect(await clock()).toBeGreaterThan(soldOutAt);
    expect(called.filter((name) => LONG_WAYS.includes(name))).toEqual([
      'reservations.hold',
      'reservations.release',
    ]);
  });

  test('expires only after its deadline, and only once', async () => {
    const [sku = ''] = await stocked([{ north: 9 }]);
    const hold = newHold([{ sku, quantity: 1 }]);
    await holdStock(pg, hold);
    expect(await expireReservation(pg, storeId, hold.id)).toBeUndefined();
    await shop.sql`update inventory.reservations set expires_at = now() + interval '1 hour'
      where id = ${hold.id}`;
    expect(await expireReservation(pg, storeId, hold.id)).toBeUndefined();
    expect(await claimReservation(pg, storeId, hold.id)).toMatchObject({
      reservation: { state: 'claimed' },
    });
    expect(await expireReservation(pg, storeId, hold.id)).toBeUndefined();
  });
});
