// Tests stock on the real Redis and ledger: sold once, released once, counted exactly.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Redis } from 'ioredis';
import type { Reservation } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import {
  countOf,
  decidedHold,
  decidedOf,
  HOLD,
  holdOf,
  inventoryOf,
  outcomeOf,
  stockedSku,
} from '../support/inventory.ts';
import { eventually } from '../support/journeys.ts';
import { balance } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { expectLedgerAddsUp } from '../support/stock-invariants.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
let redis: Redis;
beforeAll(async () => {
  shop = await openShop();
  inventory = inventoryOf(shop);
  redis = new Redis(shop.env['REDIS_URL'] ?? '');
}, UP_LIMIT_MS);
afterAll(() => redis.disconnect());

const reserve = holdOf;
const buy = (sku: string) => decidedHold(inventory, holdOf(sku));

/** Flushes Redis and waits until the service admits again. */
const forgetAll = async (): Promise<void> => {
  await redis.flushall();
  await admittedAgain();
};

const admittedAgain = async (): Promise<void> => {
  const sku = await stockedSku(inventory, 1_000);
  await eventually('a first attempt is admitted again', async () =>
    (await outcomeOf(inventory.reserve(reserve(sku)))) === 'ok' ? true : undefined,
  );
};

describe('ten units', () => {
  test(
    'requested by a hundred at once are held exactly ten times',
    async () => {
      const sku = await stockedSku(inventory, 10);
      const outcomes = await Promise.all(Array.from({ length: 100 }, () => buy(sku)));
      expect(countOf(outcomes)).toEqual({ ok: 10, OUT_OF_STOCK: 90 });
      expect(await balance(shop, sku)).toEqual({ on_hand: 10, reserved: 10 });
    },
    LIMIT_MS,
  );

  test(
    'are held at most ten times when Redis is flushed in between',
    async () => {
      const sku = await stockedSku(inventory, 10);
      const first = Array.from({ length: 8 }, () => buy(sku));
      const forgetting = redis.flushall();
      const second = Array.from({ length: 30 }, () => buy(sku));
      const outcomes = await Promise.all([...first, ...second]);
      await forgetting;
      expect(countOf(outcomes)).toEqual({ ok: 10, OUT_OF_STOCK: 28 });
      expect(await balance(shop, sku)).toEqual({ on_hand: 10, reserved: 10 });
      const { stock } = await inventory.batchGetStock({ skus: [sku] });
      expect(stock).toMatchObject([{ onHand: 10, reserved: 10, available: 0 }]);
      await admittedAgain();
    },
    LIMIT_MS,
  );
});

describe('a reservation', () => {
  test('requested twice under one id is held once with the same response', async () => {
    const sku = await stockedSku(inventory, 5);
    const request = reserve(sku, 2);
    const answers = await Promise.all([inventory.reserve(request), inventory.reserve(request)]);
    expect(answers[0].reservation).toEqual(answers[1].reservation);
    expect(await balance(shop, sku)).toEqual({ on_hand: 5, reserved: 2 });
  });

  test('requested again with other lines under its id is refused', async () => {
    const sku = await stockedSku(inventory, 5);
    const request = reserve(sku, 2);
    await inventory.reserve(request);
    const other = inventory.reserve({ ...request, lines: [{ sku, quantity: 1 }] });
    expect(await outcomeOf(other)).toBe('RESERVATION_REUSED');
    expect(await balance(shop, sku)).toEqual({ on_hand: 5, reserved: 2 });
  });

  const LOSSES: Record<string, (sku: string) => Promise<void>> = {
    'nothing in between': async () => undefined,
    'a sold-out memo in between': async (sku) => {
      for (const _ of [1, 2]) expect(await buy(sku)).toBe('OUT_OF_STOCK');
    },
    'Redis emptied in between': () => forgetAll(),
    'a refill and a sold-out memo in between': async (sku) => {
      await forgetAll();
      expect(await buy(sku)).toBe('OUT_OF_STOCK');
    },
  };
  for (const [name, happen] of Object.entries(LOSSES)) {
    for (const attempt of [1, 2]) {
      test(`whose response was lost, with ${name}, is the same success to attempt ${attempt}`, async () => {
        const sku = await stockedSku(inventory, 1);
        const request = reserve(sku);
        const first = await inventory.reserve(request);
        await happen(sku);
        expect(await inventory.reserve({ ...request, attempt })).toEqual(first);
        expect(await balance(shop, sku)).toEqual({ on_hand: 1, reserved: 1 });
      });
    }
  }

  test('of several skus holds all or none', async () => {
    const [much, little] = [await stockedSku(inventory, 9), await stockedSku(inventory, 1)];
    const lines = [
      { sku: much, quantity: 3 },
      { sku: little, quantity: 2 },
    ];
    expect(await outcomeOf(inventory.reserve({ ...reserve(much), lines }))).toBe('OUT_OF_STOCK');
    expect(await balance(shop, much)).toEqual({ on_hand: 9, reserved: 0 });
    expect(await balance(shop, little)).toEqual({ on_hand: 1, reserved: 0 });
  });

  const RACES = 1_000;
  const RACES_LIMIT_MS = 180_000;
  const RACES_AT_ONCE = 100;
  const race = async (skus: string[]): Promise<number> => {
    const calls = skus.flatMap((sku) =>
      Array.from({ length: RACES_AT_ONCE / skus.length }, () => reserve(sku)),
    );
    await Promise.all(calls.map((request) => decidedHold(inventory, request)));
    const ids = calls.map((request) => request.reservationId);
    // Every deadline passes at once: the sweeper joins the race.
    await shop.sql`update inventory.reservations set expires_at = now() - interval '1 second'
      where id in ${shop.sql(ids)}`;
    const ends = await Promise.all(
      ids.map(async (reservationId) => {
        const claim = decidedOf(() => inventory.claimReservation({ reservationId }));
        const release = decidedOf(() => inventory.releaseReservation({ reservationId }));
        return Promise.all([claim, release]);
      }),
    );
    const rows = await shop.sql`select id, state from inventory.reservations
      where id in ${shop.sql(ids)}`;
    const states = new Map(rows.map((row) => [row['id'] as string, row['state'] as string]));
    ends.forEach(([claimed, released], at) => {
      // Releasing a released or expired hold succeeds; only one of claim and the others wins.
      const isClaimed = states.get(ids[at] ?? '') === 'claimed';
      const [won, lost] = ['ok', 'RESERVATION_ENDED'];
      expect([claimed, released]).toEqual(isClaimed ? [won, lost] : [lost, won]);
    });
    return ends.filter(([claimed]) => claimed === 'ok').length;
  };

  test(
    'raced by claim, release and expiry ends exactly once, a thousand times',
    async () => {
      const skus = await Promise.all([1, 2, 3, 4].map(() => stockedSku(inventory, RACES)));
      let sold = 0;
      for (let raced = 0; raced < RACES; raced += RACES_AT_ONCE) sold += await race(skus);
      const { stock } = await inventory.batchGetStock({ skus });
      const left = stock.reduce((sum, { onHand }) => sum + onHand, 0);
      expect(left).toBe(skus.length * RACES - sold);
      expect(stock.map(({ reserved }) => reserved)).toEqual([0, 0, 0, 0]);
      await expectLedgerAddsUp(shop, skus);
    },
    RACES_LIMIT_MS,
  );

  test(
    'that is not ended in time is for sale again',
    async () => {
      const sku = await stockedSku(inventory, 1);
      const request = reserve(sku);
      await inventory.reserve(request);
      await shop.sql`update inventory.reservations set expires_at = now()
        where id = ${request.reservationId}`;
      await eventually('the unit can be held again', async () =>
        (await buy(sku)) === 'ok' ? true : undefined,
      );
      const { reservationId } = request;
      expect(await outcomeOf(inventory.claimReservation({ reservationId }))).toBe(
        'RESERVATION_ENDED',
      );
    },
    LIMIT_MS,
  );
});

describe('an extension', () => {
  const deadlineOf = (answer: { reservation?: Reservation | undefined }): number =>
    Number(answer.reservation?.expiresAt?.seconds ?? 0n);

  test('moves the deadline later, and never earlier', async () => {
    const sku = await stockedSku(inventory, 1);
    const request = reserve(sku);
    const { reservationId } = request;
    const first = deadlineOf(await inventory.reserve(request));
    const hour = { seconds: 3_600n, nanos: 0 };
    const later = await inventory.extendReservation({ reservationId, expiresIn: hour });
    expect(deadlineOf(later)).toBeGreaterThanOrEqual(first + 3_500);
    const nearer = await inventory.extendReservation({ reservationId, expiresIn: HOLD });
    expect(nearer).toEqual(later);
  });

  test('of an ended or unknown reservation is refused', async () => {
    const sku = await stockedSku(inventory, 1);
    const request = reserve(sku);
    const { reservationId } = request;
    const extend = () => outcomeOf(inventory.extendReservation({ reservationId, expiresIn: HOLD }));
    expect(await extend()).toBe('NOT_FOUND');
    await inventory.reserve(request);
    await inventory.releaseReservation({ reservationId });
    expect(await extend()).toBe('RESERVATION_ENDED');
    expect(await balance(shop, sku)).toEqual({ on_hand: 1, reserved: 0 });
  });
});

describe('a claim', () => {
  test('made twice sells once, and reversed twice returns the units once', async () => {
    const sku = await stockedSku(inventory, 4);
    const request = reserve(sku, 3);
    const { reservationId } = request;
    await inventory.reserve(request);
    for (const _ of [1, 2]) await inventory.claimReservation({ reservationId });
    expect(await balance(shop, sku)).toEqual({ on_hand: 1, reserved: 0 });
    for (const _ of [1, 2]) await inventory.reverseClaim({ reservationId });
    expect(await balance(shop, sku)).toEqual({ on_hand: 4, reserved: 0 });
  });
});

describe('the ledger', () => {
  test('takes a receipt once, and refuses its id for another quantity', async () => {
    const sku = await stockedSku(inventory, 1);
    const receipt = { receiptId: crypto.randomUUID(), sku, quantity: 5, productId: '' };
    for (const _ of [1, 2]) await inventory.receiveStock(receipt);
    expect(await balance(shop, sku)).toEqual({ on_hand: 6, reserved: 0 });
    const other = inventory.receiveStock({ ...receipt, quantity: 6 });
    expect(await outcomeOf(other)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('refuses a count below the held units', async () => {
    const sku = await stockedSku(inventory, 5);
    await inventory.reserve(reserve(sku, 3));
    expect(await outcomeOf(inventory.adjustStock({ sku, onHand: 2 }))).toBe('STOCK_BELOW_RESERVED');
    expect(await outcomeOf(inventory.adjustStock({ sku, onHand: 3 }))).toBe('ok');
    expect(await balance(shop, sku)).toEqual({ on_hand: 3, reserved: 3 });
  });

  test('equals the sum of its movements', async () => {
    const sku = await stockedSku(inventory, 7);
    const request = reserve(sku, 2);
    await inventory.reserve(request);
    await inventory.claimReservation({ reservationId: request.reservationId });
    await inventory.adjustStock({ sku, onHand: 9 });
    const [row] = await shop.sql`select sum(quantity)::int as sum from inventory.movements
      where sku = ${sku}`;
    expect(row).toEqual({ sum: 9 });
    expect(await balance(shop, sku)).toEqual({ on_hand: 9, reserved: 0 });
  });
});
