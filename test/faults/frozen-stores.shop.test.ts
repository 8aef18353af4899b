// Tests stores that accept requests and never answer: callers time out, and others go on.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Redis } from 'ioredis';
import { decidedHold, holdOf, inventoryOf, outcomeOf, stockedSku } from '../support/inventory.ts';
import { balance } from '../support/judges.ts';
import { eventually } from '../support/journeys.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 90_000;
/** A read takes at most 5 s (promises), and Redis is given 1 s. */
const READ_LIMIT_MS = 5_500;
const REDIS_LIMIT_MS = 2_500;

let shop: BreakableShop;
let inventory: ReturnType<typeof inventoryOf>;
beforeAll(async () => {
  shop = await breakableShop();
  inventory = inventoryOf(shop);
}, UP_LIMIT_MS);

const timed = async (call: Promise<unknown>): Promise<{ outcome: string; ms: number }> => {
  const startedAt = performance.now();
  const outcome = await outcomeOf(call);
  return { outcome, ms: performance.now() - startedAt };
};

const frozen = async (name: 'redis' | 'postgres', work: () => Promise<void>): Promise<void> => {
  shop.freeze(name, 'SIGSTOP');
  await work().finally(() => shop.freeze(name, 'SIGCONT'));
};

describe('a frozen Redis', () => {
  test(
    'delays no caller: a first attempt is refused temporarily, a later one is decided by the ledger',
    async () => {
      const sku = await stockedSku(inventory, 3);
      const request = holdOf(sku);
      await frozen('redis', async () => {
        const first = await timed(inventory.reserve(request));
        expect(['UNAVAILABLE', 'REBUILDING']).toContain(first.outcome);
        expect(first.ms).toBeLessThan(REDIS_LIMIT_MS);
        const later = await timed(inventory.reserve({ ...request, attempt: 2 }));
        expect(later.outcome).toBe('ok');
        expect(later.ms).toBeLessThan(READ_LIMIT_MS);
      });
      expect(await balance(shop, sku)).toEqual({ on_hand: 3, reserved: 1 });
      expect(await decidedHold(inventory, holdOf(sku, 2))).toBe('ok');
      expect(await decidedHold(inventory, holdOf(sku, 1))).toBe('OUT_OF_STOCK');
    },
    LIMIT_MS,
  );
});

describe('a frozen Postgres', () => {
  test(
    'delays no caller, and calls sent meanwhile are decided once when it is back',
    async () => {
      const [sku, gone] = [await stockedSku(inventory, 3), await stockedSku(inventory, 1)];
      expect(await decidedHold(inventory, holdOf(gone))).toBe('ok');
      const request = holdOf(sku);
      await frozen('postgres', async () => {
        const requested = timed(inventory.reserve(request));
        // Without it a sold-out sku is still refused, and recent levels are still shown.
        const refused = await timed(inventory.reserve(holdOf(gone)));
        expect([refused.outcome, refused.ms < REDIS_LIMIT_MS]).toEqual(['OUT_OF_STOCK', true]);
        const read = await timed(inventory.batchGetStock({ skus: [sku, gone] }));
        expect([read.outcome, read.ms < REDIS_LIMIT_MS]).toEqual(['ok', true]);
        const { outcome, ms } = await requested;
        expect(outcome).toBe('UNAVAILABLE');
        expect(ms).toBeLessThan(READ_LIMIT_MS);
      });
      expect(await decidedHold(inventory, request)).toBe('ok');
      expect(await balance(shop, sku)).toEqual({ on_hand: 3, reserved: 1 });
    },
    LIMIT_MS,
  );
});

describe('a sku whose row is locked by another client', () => {
  test(
    'is unavailable after a while, and other skus are sold at once',
    async () => {
      const [stuck, other] = [await stockedSku(inventory, 2), await stockedSku(inventory, 2)];
      const release = Promise.withResolvers<void>();
      const locked = Promise.withResolvers<void>();
      const locking = shop.sql.begin(async (tx) => {
        await tx`select 1 from inventory.balances where sku = ${stuck} for update`;
        locked.resolve();
        await release.promise;
      });
      await locked.promise;
      const waiting = timed(inventory.reserve(holdOf(stuck)));
      const others = await timed(inventory.reserve(holdOf(other)));
      expect([others.outcome, others.ms < 1_000]).toEqual(['ok', true]);
      const { outcome, ms } = await waiting;
      expect([outcome, ms < READ_LIMIT_MS]).toEqual(['UNAVAILABLE', true]);
      release.resolve();
      await locking;
      await eventually('it can be held again', async () =>
        (await decidedHold(inventory, holdOf(stuck))) === 'ok' ? true : undefined,
      );
    },
    LIMIT_MS,
  );
});

describe('a Redis', () => {
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(shop.env['REDIS_URL'] ?? '');
  });
  afterAll(() => redis.disconnect());

  /** Nothing is sold twice or lost while Redis is in trouble, and selling continues afterwards. */
  const sellsThrough = async (trouble: () => Promise<unknown>, end: () => Promise<unknown>) => {
    const sku = await stockedSku(inventory, 3);
    const request = holdOf(sku);
    await trouble();
    try {
      const first = await timed(inventory.reserve(request));
      expect(['UNAVAILABLE', 'REBUILDING']).toContain(first.outcome);
      expect(first.ms).toBeLessThan(READ_LIMIT_MS);
      expect(await outcomeOf(inventory.reserve({ ...request, attempt: 2 }))).toBe('ok');
    } finally {
      await end();
    }
    expect(await decidedHold(inventory, holdOf(sku, 2))).toBe('ok');
    expect(await decidedHold(inventory, holdOf(sku, 1))).toBe('OUT_OF_STOCK');
    expect(await balance(shop, sku)).toEqual({ on_hand: 3, reserved: 3 });
  };

  test(
    'out of memory refuses first attempts temporarily, and the ledger decides later ones',
    () =>
      sellsThrough(
        () => redis.config('SET', 'maxmemory', '1'),
        () => redis.config('SET', 'maxmemory', '0'),
      ),
    LIMIT_MS,
  );

  test(
    'that takes two seconds for every answer counts as away',
    async () => {
      let isSlow = true;
      const slow = async (): Promise<void> => {
        while (isSlow) await redis.client('PAUSE', 2_000, 'ALL');
      };
      let slowing = Promise.resolve();
      await sellsThrough(
        async () => {
          await redis.client('PAUSE', 2_000, 'ALL');
          slowing = slow();
        },
        () => {
          isSlow = false;
          return slowing;
        },
      );
    },
    LIMIT_MS,
  );

  test('with a key of the wrong type works as without the key', async () => {
    const sku = await stockedSku(inventory, 2);
    const level = `stock:{sto_default/${sku}}:level`;
    await redis.del(level);
    await redis.hset(level, 'what', 'ever');
    await redis.set(`stock:{sto_default/${sku}}:unsettled`, 'nonsense');
    expect(await decidedHold(inventory, holdOf(sku, 2))).toBe('ok');
    expect(await decidedHold(inventory, holdOf(sku))).toBe('OUT_OF_STOCK');
    expect(await redis.type(level)).toBe('string');
    await redis.set('reservation:{b0}:ready', 'nonsense');
    expect(await decidedHold(inventory, holdOf(sku))).toBe('OUT_OF_STOCK');
  });

  test('with one level lost sells at once, whatever was written for it since', async () => {
    const sku = await stockedSku(inventory, 3);
    const { reservationId, ...request } = holdOf(sku);
    expect(await outcomeOf(inventory.reserve({ reservationId, ...request }))).toBe('ok');
    await redis.del(`stock:{sto_default/${sku}}:level`);
    await inventory.claimReservation({ reservationId });
    expect(await outcomeOf(inventory.reserve(holdOf(sku, 2)))).toBe('ok');
    expect(await outcomeOf(inventory.reserve(holdOf(sku)))).toBe('OUT_OF_STOCK');
  });

  test(
    'has a lost level again without a call for it',
    async () => {
      const sku = await stockedSku(inventory, 3);
      const level = `stock:{sto_default/${sku}}:level`;
      // A rebuild would restore it as well: the one that the previous test caused must be over.
      await eventually('redis is whole', async () => {
        const [one, other] = await redis.mget('reservation:{b0}:ready', 'reservation:{b1}:ready');
        return one === other ? true : undefined;
      });
      const before = (await redis.get(level))?.split(' ').slice(0, 4);
      await redis.multi().del(level).hset(level, 'what', 'ever').exec();
      await eventually('it is as it was', async () => {
        const now = (await redis.get(level).catch(() => ''))?.split(' ').slice(0, 4);
        return now?.join() === before?.join() ? true : undefined;
      });
    },
    LIMIT_MS,
  );
});
