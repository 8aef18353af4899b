// Shares one call among equal queries that run at the same time.
import { createHash } from 'node:crypto';
import { withDeadline } from '../../../concurrency/deadline.ts';

/** Runs `work`, or joins the run of an equal query; only the deadline may abort it. */
export type Share<T> = (
  question: readonly string[],
  /** A run begun longer ago is not joined, which bounds the age of a response. */
  joinableMs: number,
  work: (signal: AbortSignal) => Promise<T>,
) => Promise<T>;

const late = (): Error => new Error('the shared call took too long');

/**
 * Keeps the runs that are under way, and none that has ended. A failure fails all who joined and is
 * not remembered. No run lasts longer than the deadline. The key must contain everything that the
 * response depends on.
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
