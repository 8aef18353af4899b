// The endings of an order that was not sent: thrown where they are detected, handled in one place.
import type { OrderEndReason } from '../../domain/order.ts';
import { ranOutOfTime, refusalIn } from './refusals.ts';

const EXPIRED = { code: 'PAYMENT_WINDOW_OVER', message: 'the order was not paid in time' };
const CANCELLED = { code: 'SHOPPER_CANCELLED', message: 'the order was cancelled' };

/** Endings of an order that was not sent. */
export type UnsentEnding = 'cancelled' | 'expired' | 'rejected';

/** An ending other than delivery; thrown where it is detected, handled in one place. */
export class Ended extends Error {
  constructor(
    readonly ending: UnsentEnding,
    readonly reason: OrderEndReason,
  ) {
    super(ending);
  }
}

export const expired = (): Ended => new Ended('expired', EXPIRED);
export const cancelled = (): Ended => new Ended('cancelled', CANCELLED);

/** The ending that a failed step means for the order; undefined for any other failure. */
export const endingIn = (error: unknown): Ended | undefined => {
  if (error instanceof Ended) return error;
  const refusal = refusalIn(error);
  if (refusal) return new Ended('rejected', refusal);
  return ranOutOfTime(error) ? expired() : undefined;
};

/**
 * As `endingIn`, for a failure that must be an ending. Any other failure is thrown as a plain
 * error: it halts the workflow task, and the order continues from there once a fix is deployed.
 */
export const endingOf = (error: unknown): Ended => {
  const ended = endingIn(error);
  if (ended) return ended;
  throw new Error('a step failed with an unknown error', { cause: error });
};

export const endIfCancelled = ({ cancelRequested }: { cancelRequested: boolean }): void => {
  if (cancelRequested) throw cancelled();
};
