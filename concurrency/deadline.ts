// Deadlines: limits how long a caller waits for work, and cancels work that is late.

/**
 * Runs `work` for at most `ms`. Then the call fails with `onLate()` and the work's signal aborts
 * with the same error; whatever the work does after that is ignored.
 */
export const withDeadline = async <T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  onLate: () => Error,
): Promise<T> => {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const control = new AbortController();
  const timer = setTimeout(() => {
    const late = onLate();
    reject(late);
    control.abort(late);
  }, ms);
  try {
    work(control.signal).then(resolve, reject);
    return await promise;
  } finally {
    clearTimeout(timer);
  }
};

/** Waits until `work` has ended, at most `ms`; work that takes longer goes on. Its errors pass. */
export const waitAtMost = async (work: Promise<unknown>, ms: number): Promise<void> => {
  const late = new Error('the work takes longer');
  const waiting = withDeadline(
    () => work,
    ms,
    () => late,
  );
  await waiting.catch((error: unknown) => {
    if (error !== late) throw error;
  });
};
