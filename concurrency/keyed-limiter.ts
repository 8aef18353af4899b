// A concurrency limiter with keys: one at a time of each key, and so many of all keys together.
import { createLimiter, type AcquireOptions, type Limiter } from './limiter.ts';

export interface KeyedLimiter {
  /**
   * Work of one key runs in the order of its calls, whether urgent or not. Once it is the first of
   * its key, it waits for a slot: urgent work before all other, else first come first served.
   */
  run<T>(key: string, work: () => Promise<T>, options?: AcquireOptions): Promise<T>;
}

/** The caller bounds the queues. */
export const createKeyedLimiter = (runningMax: number): KeyedLimiter => {
  const slots = createLimiter({ runningMax });
  const keys = new Map<string, Limiter>();
  return {
    run: async (key, work, options = {}) => {
      const ofKey = keys.get(key) ?? createLimiter({ runningMax: 1 });
      keys.set(key, ofKey);
      try {
        const { signal } = options;
        return await ofKey.run(() => slots.run(work, options), { signal });
      } finally {
        if (ofKey.running() === 0 && keys.get(key) === ofKey) keys.delete(key);
      }
    },
  };
};
