// A concurrency limiter: so much runs at once, so much waits, and everything else is refused.

export interface LimiterOptions {
  /** How much runs at once; a function is called at each start, so that the limit may change. */
  runningMax: number | (() => number);
  /** How much waits at most; without it, the callers bound the queue. */
  waitingMax?: number;
  /** The error of a call that is refused because the queue is full. */
  onFull?: () => Error;
}

export interface AcquireOptions {
  /** A call that waits leaves the queue when this aborts, and fails with its reason. */
  signal?: AbortSignal | undefined;
  /** An urgent call goes before all that wait and are not urgent. */
  isUrgent?: boolean;
}

/** Gives a slot back; a second call does nothing. */
export type Release = () => void;

export interface Limiter {
  /** Takes a slot, first come first served; the caller must release it. */
  acquire(options?: AcquireOptions): Promise<Release>;
  /** Runs `work` in a slot of its own. */
  run<T>(work: () => Promise<T>, options?: AcquireOptions): Promise<T>;
  /** How many slots are taken. */
  running(): number;
}

/** Calls that wait: the urgent ones first, then the others, each in the order they came. */
const createQueue = () => {
  const urgent = new Set<() => void>();
  const normal = new Set<() => void>();
  return {
    size: () => urgent.size + normal.size,
    /** Waits until its turn, when `takeSlot` is called, or until its signal aborts. */
    wait: (takeSlot: () => Release, { signal, isUrgent }: AcquireOptions): Promise<Release> => {
      const slot = Promise.withResolvers<Release>();
      const calls = isUrgent ? urgent : normal;
      const start = (): void => slot.resolve(takeSlot());
      const onAbort = (): void => {
        if (calls.delete(start)) slot.reject(signal?.reason);
      };
      calls.add(start);
      signal?.addEventListener('abort', onAbort);
      return slot.promise.finally(() => signal?.removeEventListener('abort', onAbort));
    },
    /** Starts the first call; false when none waits. */
    startNext: (): boolean => {
      const calls = urgent.size > 0 ? urgent : normal;
      const [start] = calls;
      if (!start) return false;
      calls.delete(start);
      start();
      return true;
    },
  };
};

export const createLimiter = (options: LimiterOptions): Limiter => {
  const { waitingMax = Number.POSITIVE_INFINITY } = options;
  const { runningMax: max, onFull = () => new Error('the queue is full') } = options;
  const runningMax = typeof max === 'number' ? () => max : max;
  const queue = createQueue();
  let running = 0;
  const takeSlot = (): Release => {
    running++;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      running--;
      // The next call has the slot from this moment on: no new one comes in between.
      while (running < runningMax() && queue.startNext());
    };
  };
  /** A free slot at once, without a promise that every call would pay for. */
  const slotFor = (acquireOptions: AcquireOptions): Release | Promise<Release> => {
    acquireOptions.signal?.throwIfAborted();
    if (queue.size() === 0 && running < runningMax()) return takeSlot();
    if (queue.size() >= waitingMax) throw onFull();
    return queue.wait(takeSlot, acquireOptions);
  };
  return {
    acquire: async (acquireOptions = {}) => slotFor(acquireOptions),
    run: async (work, acquireOptions = {}) => {
      const slot = slotFor(acquireOptions);
      const release = slot instanceof Promise ? await slot : slot;
      try {
        // The signal may abort between the start of a call that waits and this line.
        acquireOptions.signal?.throwIfAborted();
        return await work();
      } finally {
        release();
      }
    },
    running: () => running,
  };
};
