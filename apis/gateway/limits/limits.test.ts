// Tests the pure parts of the limits: local buckets, profiles and concurrency.
import { describe, expect, test } from 'bun:test';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import type { CallKind } from '../../http/gate.ts';
import {
  createConcurrencyLimits,
  whileStreamed,
  type ConcurrencyLimits,
} from './concurrency-limits.ts';
import { createLocalRates } from './local-rates.ts';
import { COSTS, limitsOf } from './profiles.ts';

describe('a bucket counted in this process', () => {
  const bucket = { key: 'a', quota: 10, windowMs: 10_000 };
  const at = () => {
    let nowMs = 5_000;
    const rates = createLocalRates(() => nowMs);
    return { rates, pass: (ms: number) => void (nowMs += ms) };
  };
  const left = (rates: ReturnType<typeof createLocalRates>, cost: number, storeId = 's') =>
    rates.take(storeId, [bucket], cost)[0];

  test('allows its quota at once, then one unit after each step', () => {
    const { rates, pass } = at();
    expect(left(rates, 10)).toEqual({ left: 0, fullInMs: 10_000, waitMs: 0 });
    expect(left(rates, 1)?.waitMs).toBe(1_000);
    pass(1_000);
    expect(left(rates, 1)?.waitMs).toBe(0);
    expect(left(rates, 2)?.waitMs).toBe(2_000);
  });

  test('never exceeds its quota', () => {
    const { rates, pass } = at();
    left(rates, 1);
    pass(3_600_000);
    expect(left(rates, 1)?.left).toBe(9);
  });

  test('is taken from together with the others, or not at all', () => {
    const { rates } = at();
    const small = { key: 'b', quota: 1, windowMs: 10_000 };
    rates.take('s', [bucket, small], 1);
    const [first, second] = rates.take('s', [bucket, small], 1);
    expect([first?.left, second?.waitMs]).toEqual([9, 10_000]);
    expect(left(rates, 0)?.left).toBe(9);
  });

  test("is one store's own", () => {
    const { rates } = at();
    left(rates, 10, 'one');
    expect(left(rates, 1, 'other')?.waitMs).toBe(0);
  });
});

describe('a profile', () => {
  test('allows 500 reads and 50 checkouts a second from one address, where it is local', () => {
    const { policies } = limitsOf('local', undefined);
    const { quota = 0, windowSeconds = 1 } = policies.find(({ name }) => name === 'address') ?? {};
    expect(quota / windowSeconds).toBeGreaterThanOrEqual(500 * COSTS.read + 50 * COSTS.checkout);
  });

  test('is refused when it names an unknown limit or one below the cost of a call', () => {
    expect(() => limitsOf('local', { burst: 5 })).toThrow();
    expect(() => limitsOf('production', { atOnce: { reads: 5 } })).toThrow();
    const policies = [
      { name: 'a', by: 'address', kinds: ['checkout'], quota: 9, windowSeconds: 1 },
    ];
    expect(() => limitsOf('local', { policies })).toThrow('is below the cost');
  });

  test('keeps the values that a deployment does not override', () => {
    const { atOnce, policies } = limitsOf('production', { atOnce: { read: 7 } });
    expect([atOnce.read, atOnce.write]).toEqual([7, 200]);
    expect(policies).toEqual(limitsOf('production', {}).policies);
  });
});

const refusedBy = async (limits: ConcurrencyLimits, kind: CallKind = 'read'): Promise<void> => {
  const refusal: unknown = await limits.acquire(kind).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'OVERLOADED' });
};

describe('a concurrency limit', () => {
  const limitsFor = () => {
    const telemetry = createTelemetry('test', 'fatal');
    const { atOnce } = limitsOf('local', {});
    return createConcurrencyLimits({ ...atOnce, read: 2, write: 1 }, telemetry);
  };

  test('refuses the call beyond it, and none of another kind', async () => {
    const limits = limitsFor();
    const release = await limits.acquire('read');
    await limits.acquire('read');
    await refusedBy(limits);
    (await limits.acquire('write'))();
    release();
    release();
    await limits.acquire('read');
    await refusedBy(limits);
  });

  test('counts a stream until it ends, failed or been cancelled', async () => {
    const read = (response: Response) => response.text();
    const ends: ((response: Response) => Promise<unknown>)[] = [
      read,
      (response) => read(response).catch(() => undefined),
      async (response) => response.body?.cancel(),
    ];
    for (const [at, end] of ends.entries()) {
      const limits = limitsFor();
      const release = await limits.acquire('write');
      const source = new ReadableStream({
        pull: (controller) => (at === 1 ? controller.error(new Error('away')) : controller.close()),
      });
      const response = whileStreamed(new Response(source), release);
      await refusedBy(limits, 'write');
      await end(response);
      await limits.acquire('write');
    }
  });
});
