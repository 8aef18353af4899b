// Wakes the followers of orders when their orders change: one watch of Orders for the process.
import type { Client } from '@connectrpc/connect';
import { waitAtMost } from '../../concurrency/deadline.ts';
import { createWakeUp } from '../../concurrency/wake-up.ts';
import type { OrdersService } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const WATCH_AGAIN_MS = 1_000;

export interface Follower {
  /** Waits until the order may have new events since the last call, at most `ms`. */
  changed(ms: number): Promise<void>;
  /** Ends the wait. */
  wake(): void;
  end(): void;
}

export interface OrderChanges {
  follow(orderId: string): Follower;
  stop(): Promise<void>;
}

const newFollower = (end: (follower: Follower) => void): Follower => {
  const { wake, next } = createWakeUp();
  const follower: Follower = { changed: next, wake, end: () => end(follower) };
  return follower;
};

/** The followers of this process, by order. */
const createFollowers = () => {
  const byOrder = new Map<string, Set<Follower>>();
  const remove = (orderId: string, follower: Follower): void => {
    const followers = byOrder.get(orderId);
    followers?.delete(follower);
    if (followers?.size === 0) byOrder.delete(orderId);
  };
  return {
    add: (orderId: string): Follower => {
      const follower = newFollower((one) => remove(orderId, one));
      byOrder.set(orderId, (byOrder.get(orderId) ?? new Set()).add(follower));
      return follower;
    },
    wake: (orderId: string): void => byOrder.get(orderId)?.forEach((one) => one.wake()),
    wakeAll: (): void => byOrder.forEach((followers) => followers.forEach((one) => one.wake())),
  };
};

interface Deps {
  orders: Pick<Client<typeof OrdersService>, 'watchOrders'>;
  telemetry: Telemetry;
  /** Aborted when this process is about to end: all followers are woken. */
  draining: AbortSignal;
}

/** While Orders cannot be watched, followers look by themselves, after the time that they wait. */
export const watchOrderChanges = ({ orders, telemetry, draining }: Deps): OrderChanges => {
  const followers = createFollowers();
  const stopping = new AbortController();
  const { signal } = stopping;
  const stopped = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve());
  });
  draining.addEventListener('abort', followers.wakeAll);
  let isWatching = true;
  const watch = async (): Promise<void> => {
    for await (const { orderIds, missed } of orders.watchOrders({}, { signal, timeoutMs: 0 })) {
      isWatching = true;
      if (missed) followers.wakeAll();
      else orderIds.forEach(followers.wake);
    }
  };
  const loop = async (): Promise<void> => {
    while (!signal.aborted) {
      await watch().catch((error: unknown) => {
        // An outage is logged once, not at each try.
        if (signal.aborted || !isWatching) return;
        isWatching = false;
        telemetry.log.warn('watching orders was interrupted', { reason: String(error) });
      });
      await waitAtMost(stopped, WATCH_AGAIN_MS);
    }
  };
  const done = loop();
  return {
    follow: followers.add,
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};
