// Repeats a piece of work with a pause in between, until it is stopped.
export interface Loop {
  stop(): Promise<void>;
}

/** A failure of `work` goes to `complain`; the work runs again after the pause, in ms. */
export const startLoop = (
  pauseMs: number,
  work: () => Promise<unknown>,
  complain: (error: unknown) => void,
): Loop => {
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await work().catch(complain);
      await Bun.sleep(pauseMs);
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};
