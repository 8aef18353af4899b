// Tests Inventory against a small model: calls, expiries, losses and restarts in random order.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { newId } from '../../domain/ids.ts';
import { decidedOf, HOLD, inventoryOf } from '../support/inventory.ts';
import { emptyModel, rules, type Model } from '../support/inventory-model.ts';
import { eventually } from '../support/journeys.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { expectLedgerAddsUp, expectRedisEqualsLedger } from '../support/stock-invariants.ts';

const LIMIT_MS = 240_000;
const SEED = 20_261_125;
/** Each run has skus of its own; together they are some two thousand steps. */
const RUNS = 6;
const STEPS = 400;
const SKUS = 3;
const IDS = 12;

let shop: BreakableShop;
let inventory: ReturnType<typeof inventoryOf>;
let redis: Redis;
beforeAll(async () => {
  shop = await breakableShop();
  inventory = inventoryOf(shop);
  redis = new Redis(shop.env['REDIS_URL'] ?? '');
}, UP_LIMIT_MS);
afterAll(() => redis.disconnect());

interface Real {
  skus: string[];
  /** Maps the model's short ids to ids of this run alone. */
  idOf(short: number): string;
  /** How often the service had been restarted when an id was first used. */
  askedAt: Map<string, number>;
}

type Step = fc.AsyncCommand<Model, Real>;
let steps = 0;
let restarts = 0;

const step = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Model) => boolean = () => true,
): Step => ({
  check,
  run: async (model, real) => {
    steps++;
    await run(model, real);
  },
  toString: () => name,
});

const sku = fc.nat(SKUS - 1);
const id = fc.nat(IDS - 1);
const quantity = fc.integer({ min: 1, max: 4 });

const receiving = fc.tuple(sku, quantity).map(([at, units]) =>
  step(`receive(${at}, ${units})`, async (model, { skus }) => {
    const name = skus[at] ?? '';
    const receipt = { receiptId: crypto.randomUUID(), sku: name, quantity: units };
    const productId = newId('product');
    // Called twice: a lost response is requested again.
    for (const _ of [1, 2]) {
      const call = () => inventory.receiveStock({ ...receipt, productId });
      expect(await decidedOf(call)).toBe('ok');
    }
    model.onHand[name] = (model.onHand[name] ?? 0) + units;
  }),
);

const counting = fc.tuple(sku, fc.nat(8)).map(([at, onHand]) =>
  step(`count(${at}, ${onHand})`, async (model, { skus }) => {
    const name = skus[at] ?? '';
    const count = { sku: name, onHand, productId: newId('product') };
    const expected = rules.adjust(model, name, onHand);
    expect(await decidedOf(() => inventory.adjustStock(count))).toBe(expected);
  }),
);

const reserving = fc
  .tuple(id, fc.array(fc.tuple(sku, quantity), { minLength: 1, maxLength: 3 }), fc.boolean())
  .map(([short, wanted, isLater]) =>
    step(`reserve(${short}, ${JSON.stringify(wanted)})`, async (model, { skus, idOf, askedAt }) => {
      const lines = wanted.map(([at, units]) => ({ sku: skus[at] ?? '', quantity: units }));
      const sums: Record<string, number> = {};
      for (const line of lines) sums[line.sku] = (sums[line.sku] ?? 0) + line.quantity;
      const reservationId = idOf(short);
      const expected = rules.reserve(model, reservationId, sums);
      // The memo of sold-out skus knows the ids that its own process answered. A caller of another
      // process sends its call as a repetition.
      // one again says that it does.
      const isElsewhere = (askedAt.get(reservationId) ?? restarts) !== restarts;
      if (!askedAt.has(reservationId)) askedAt.set(reservationId, restarts);
      const outcome = await decidedOf((attempt) =>
        inventory.reserve({
          ...{ reservationId, lines, expiresIn: HOLD },
          attempt: isLater || isElsewhere ? attempt + 1 : attempt,
        }),
      );
      expect(outcome).toBe(expected);
    }),
  );

type Ending = 'claim' | 'release' | 'reverse' | 'extend';
const calls = (reservationId: string): Record<Ending, () => Promise<unknown>> => ({
  claim: () => inventory.claimReservation({ reservationId }),
  release: () => inventory.releaseReservation({ reservationId }),
  reverse: () => inventory.reverseClaim({ reservationId }),
  extend: () => inventory.extendReservation({ reservationId, expiresIn: HOLD }),
});

const ending = (name: Ending) =>
  id.map((short) =>
    step(`${name}(${short})`, async (model, { idOf }) => {
      const reservationId = idOf(short);
      const expected = rules[name](model, reservationId);
      expect(await decidedOf(calls(reservationId)[name])).toBe(expected);
    }),
  );

const expiring = id.map((short) =>
  step(
    `expire(${short})`,
    async (model, { idOf }) => {
      const reservationId = idOf(short);
      // A deadline never moves nearer by itself, so a rebuild may read them in their order.
      await eventually(
        'no rebuild is running',
        async () => (await redis.get('reservation:{b0}:ready')) ?? undefined,
      );
      await shop.sql`update inventory.reservations set expires_at = now() - interval '1 second'
        where id = ${reservationId} and state = 'held'`;
      await eventually('the hold has expired', async () => {
        const [row] = await shop.sql`select 1 from inventory.reservations
          where id = ${reservationId} and state = 'held'`;
        return row ? undefined : true;
      });
      rules.expire(model, reservationId);
    },
    // Only a hold can expire: other steps need not wait for the sweeper.
    (model) => [...model.holds.values()].some(({ state }) => state === 'held'),
  ),
);

const reading = fc.constant(
  step('read', async (model, { skus }) => {
    const { stock } = await inventory.batchGetStock({ skus });
    expect(stock.map(({ onHand, reserved }) => [onHand, reserved])).toEqual(
      skus.map((name) => [model.onHand[name] ?? 0, model.reserved[name] ?? 0]),
    );
  }),
);

const forgetting = fc.constant(step('FLUSHALL', async () => void (await redis.flushall())));
const restarting = fc.constant(
  step('restart', async () => {
    restarts++;
    await shop.kill('inventory');
    await shop.startProcess('inventory');
  }),
);

const often = (count: number, ...some: fc.Arbitrary<Step>[]): fc.Arbitrary<Step>[] =>
  Array.from({ length: count }, () => some).flat();

/** fast-check picks each with the same chance, so frequent steps are listed several times. */
const COMMANDS = [
  ...often(50, reserving),
  ...often(16, receiving, ending('claim'), ending('release')),
  ...often(10, counting, reading, ending('reverse'), ending('extend')),
  ...often(2, expiring),
  forgetting,
];

describe('inventory', () => {
  test(
    'answers as the model does, after any calls, losses and restarts',
    async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.commands(COMMANDS, { maxCommands: STEPS, size: 'max' }),
          fc.commands([restarting], { maxCommands: 1 }),
          fc.commands(COMMANDS, { maxCommands: STEPS, size: 'max' }),
          async (before, restart, after) => {
            run++;
            const own = crypto.randomUUID();
            const skus = Array.from({ length: SKUS }, (_, at) => `T-${own}-${at}`);
            const real: Real = { skus, idOf: (short) => `${own}-${short}`, askedAt: new Map() };
            const setup = () => ({ model, real });
            const model = emptyModel(skus);
            for (const part of [before, restart, after]) await fc.asyncModelRun(setup, part);
            await fc.asyncModelRun(setup, [await onlyOf(reading)]);
            await expectLedgerAddsUp(shop, skus);
          },
        ),
        { numRuns: RUNS, seed: SEED, endOnFailure: true },
      );
      console.error(`# ${steps} steps in ${run} runs, seed ${SEED}`);
      await expectRedisEqualsLedger(shop, []);
    },
    LIMIT_MS,
  );
});

const onlyOf = async (arbitrary: fc.Arbitrary<Step>): Promise<Step> => {
  const [one] = fc.sample(arbitrary, 1);
  if (!one) throw new Error('nothing was made');
  return one;
};
