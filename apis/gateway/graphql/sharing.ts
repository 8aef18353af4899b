// Equal questions that are under way at once are asked once: what is read is nobody's own.
import { createHash } from 'node:crypto';
import { withDeadline } from '../../../concurrency/deadline.ts';

/** Runs `work`, or joins the run of an equal question; only the clock may abort it. */
export type Share<T> = (
  question: readonly string[],
  /** A run that began longer ago is not joined: that much older an answer may be, and no more. */
  joinableMs: number,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

const late = (): Error => new Error('the shared call took too long');

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
    const begun = { beganAt: performance.now(), answer: withDeadline(work, deadlineMs, late) };
    underWay.set(key, begun);
    const forget = (): void => {
      if (underWay.get(key) === begun) underWay.delete(key);
    };
    begun.answer.then(forget, forget);
    return begun.answer;
  };
};
