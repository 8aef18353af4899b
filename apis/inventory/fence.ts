// Guards under which epoch Redis is trusted; checked every second and after a suspicion.
import { waitAtMost } from '../../concurrency/deadline.ts';
import { ledgerEpoch } from '../../db/postgres/ledger/epoch.ts';
import { rebuilding } from '../../db/postgres/ledger/reservations.ts';
import { readyText } from '../../db/redis/stock.ts';
import { rebuildStock, type RebuildDeps } from './rebuild.ts';

const LOOK_EVERY_MS = 1_000;
/** Thrown while Redis is being rebuilt, here or elsewhere. */
const LOOK_AGAIN_MS = 200;

export interface Fence {
  /** The epoch under which Redis is complete. REBUILDING while there is none. */
  epoch(): number;
  /** The same, or undefined. */
  peek(): number | undefined;
  /** Reports an inconsistency: Redis is not trusted before the next check. */
  distrust(): void;
  stop(): Promise<void>;
}

/** The result of a check: an epoch, and the number of connections lost before it. */
interface Believed {
  epoch: number;
  losses: number;
}

/** Compares Redis with the ledger; rebuilds it when it is empty, stale or another server. */
const look = async (deps: RebuildDeps): Promise<Believed | undefined> => {
  const { pg, cache } = deps;
  const losses = cache.losses();
  const { identity, ready } = await cache.inspect();
  const epoch = await ledgerEpoch(pg);
  if (ready === readyText(epoch, identity)) return { epoch, losses };
  await rebuildStock(deps);
  return undefined;
};

export const startFence = (deps: RebuildDeps): Fence => {
  const { cache, telemetry } = deps;
  let believed: Believed | undefined;
  let running = true;
  let wake = Promise.withResolvers<void>();
  const peek = (): number | undefined =>
    // A new connection may lead to another server, which is not trusted before a check.
    believed?.losses === cache.losses() ? believed.epoch : undefined;
  const distrust = (): void => {
    believed = undefined;
    wake.resolve();
  };
  let lastReason = '';
  /** A failed check keeps the last result as long as no connection was lost. */
  const complain = (error: unknown): Believed | undefined => {
    const reason = String(error);
    if (reason !== lastReason) telemetry.log.warn('redis check failed', { reason });
    lastReason = reason;
    return believed;
  };
  const loop = async (): Promise<void> => {
    while (running) {
      wake = Promise.withResolvers();
      believed = await look(deps).catch(complain);
      // While Redis is wrong, further reports do not hasten the next check.
      if (peek() === undefined) await Bun.sleep(LOOK_AGAIN_MS);
      else await waitAtMost(wake.promise, LOOK_EVERY_MS);
    }
  };
  const done = loop();
  return {
    peek,
    distrust,
    epoch: () => {
      const epoch = peek();
      if (epoch !== undefined) return epoch;
      distrust();
      throw rebuilding();
    },
    stop: () => {
      running = false;
      wake.resolve();
      return done;
    },
  };
};
