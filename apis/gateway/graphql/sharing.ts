// Equal questions that are under way at once are asked once: what is read is nobody's own.
import { createHash } from 'node:crypto';

/** Runs `work`, or joins the run of an equal question; only the clock may abort it. */
export type Share<T> = (
  question: readonly string[],
  /** A run that began longer ago is not joined: that much older an answer may be, and no more. */
  joinableMs: number,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

const untilDeadline = <T>(
  work: (signal: AbortSignal) => Promise<T>,
  deadlineMs: number,
): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const control = new AbortController();
  const timer = setTimeout(() => {
    const reason = new Error('the shared call took too long');
    control.abort(reason);
    late.reject(reason);
  }, deadlineMs);
  return Promise.race([work(control.signal), late.promise]).finally(() => clearTimeout(timer));
};

/**
 * As many runs are known as are under way, and none that has ended. What fails, fails for all who
 * joined, and is not remembered; no run lasts longer than the deadline, whatever it waits for. The
 * question must be all that its answer depends on.
 */
export const createSharing = <T>(deadlineMs: number): Share<T> => {
  const underWay = new Map<string, { beganAt: number; answer: Promise<T> }>();
  return (question, joinableMs, work) => {
    const key = createHash('sha256').update(JSON.stringify(question)).digest('base64url');
    const known = underWay.get(key);
    if (known && performance.now() - known.beganAt < joinableMs) return known.answer;
    const begun = { beganAt: performance.now(), answer: untilDeadline(work, deadlineMs) };
    underWay.set(key, begun);
    const forget = (): void => {
      if (underWay.get(key) === begun) underWay.delete(key);
    };
    begun.answer.then(forget, forget);
    return begun.answer;
  };
};
