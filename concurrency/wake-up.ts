// A wake-up: ends the wait of one loop early, whether it waits now or will wait next.
import { waitAtMost } from './deadline.ts';

export interface WakeUp {
  wake(): void;
  /** Waits until the next `wake`, at most `ms`; one since the last wait ends this one at once. */
  next(ms: number): Promise<void>;
}

export const createWakeUp = (): WakeUp => {
  let woken = Promise.withResolvers<void>();
  return {
    wake: () => woken.resolve(),
    next: async (ms) => {
      await waitAtMost(woken.promise, ms);
      woken = Promise.withResolvers();
    },
  };
};
