// Limits how many calls run at once: an adaptive limit per kind, and a refusal beyond it.
import { createAdaptiveLimit } from '../../../concurrency/adaptive-limit.ts';
import { createLimiter } from '../../../concurrency/limiter.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import { CALL_KINDS, type CallKind } from '../../http/gate.ts';

const RETRY_AFTER_SECONDS = 1;
/**
 * A page slower than this means too much load. Checkouts have no such target: they arrive in bursts
 * and wait for a decision.
 */
const TARGET_MS: Partial<Record<CallKind, number>> = { read: 400 };

/** Ends a call; only the latency of successful pages adapts the limit. */
export type ReleaseCall = (isPage?: boolean) => void;

export interface ConcurrencyLimits {
  /** Takes a slot for a call. OVERLOADED. */
  acquire(kind: CallKind): Promise<ReleaseCall>;
}

const overloaded = (): DomainError =>
  new DomainError('OVERLOADED', 'the shop is busy: come back in a moment', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

/** No queue: a call beyond the limit is refused at once. */
export const createConcurrencyLimits = (
  atOnce: Readonly<Record<CallKind, number>>,
  telemetry: Telemetry,
  now: () => number = () => performance.now(),
): ConcurrencyLimits => {
  const gauge = telemetry.gauge('holdfast_calls_in_flight', 'Calls at once, by kind.', ['kind']);
  const shed = telemetry.counter('holdfast_calls_shed_total', 'Calls refused at the limit.', [
    'kind',
  ]);
  const limitOf = (kind: CallKind) => {
    const targetMs = TARGET_MS[kind] ?? Number.POSITIVE_INFINITY;
    const adaptive = createAdaptiveLimit(atOnce[kind], targetMs, now);
    const onFull = (): DomainError => {
      shed.inc({ kind });
      return overloaded();
    };
    const limiter = createLimiter({ runningMax: adaptive.current, waitingMax: 0, onFull });
    return { adaptive, limiter };
  };
  const limits = Object.fromEntries(CALL_KINDS.map((kind) => [kind, limitOf(kind)])) as Record<
    CallKind,
    ReturnType<typeof limitOf>
  >;
  return {
    acquire: async (kind) => {
      const { adaptive, limiter } = limits[kind];
      const release = await limiter.acquire();
      gauge.set({ kind }, limiter.running());
      const startedAt = now();
      return (isPage = false) => {
        if (isPage) adaptive.observe(now() - startedAt, limiter.running());
        release();
        gauge.set({ kind }, limiter.running());
      };
    },
  };
};

/** The same response, which keeps its slot until its stream ends, fails or is cancelled. */
export const whileStreamed = (response: Response, release: ReleaseCall): Response => {
  const reader = response.body?.getReader();
  if (!reader) {
    release();
    return response;
  }
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await reader.read().catch((error: unknown) => {
        release();
        throw error;
      });
      if (!done) return controller.enqueue(value);
      release();
      controller.close();
    },
    cancel: async (reason) => {
      release();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
};
