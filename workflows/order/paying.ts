// Authorises the payment at once, or waits for the shopper until the payment window ends.
import { CancellationScope, condition } from '@temporalio/workflow';
import type { Authorization } from '../../activities/payments.ts';
import { CONSENT_MESSAGE } from '../../domain/declines.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { paymentsWithin, records, stock } from '../activity-proxies.ts';
import { refusalIn } from './refusals.ts';
import { showStep } from './attending.ts';
import { endIfCancelled, expired } from './endings.ts';
import { mail, moved, type OrderState } from './state.ts';

/** Stock is held this much longer than the payment window. */
export const HOLD_MARGIN_MS = 60_000;
/** Each new card starts the payment window again, at most this many times. */
export const EXTENSIONS_MAX = 3;
/**
 * The provider is read this long after the shopper's last action, then after four times as long
 * each time that nothing came. Most payments are decided by the browser or the webhook before
 * that, and most others never are.
 */
export const POLL_FIRST_MS = 20_000;
export const POLL_SLOWER = 4;

/** Authorises at once, or waits for the shopper as long as the stock is held. */
export async function untilAuthorized(state: OrderState, input: FulfillOrderInput): Promise<void> {
  if (isLate(input)) await awaitConsent(state);
  let extensions = 0;
  let answeredTries = 0;
  let pollMs = POLL_FIRST_MS;
  for (;;) {
    const seen = state.changes;
    const paymentMethod = state.cards.shift();
    if (paymentMethod) {
      state.tries++;
      pollMs = POLL_FIRST_MS;
      if (extensions++ < EXTENSIONS_MAX) await extend(state, input);
    }
    const isReadAgain = state.tries === answeredTries;
    const { challengeMs } = input;
    const request = {
      ...attemptOf(state),
      isReadAgain,
      ...(challengeMs !== undefined && { challengeMs, windowEndMs: state.windowEndMs }),
      ...(paymentMethod && { paymentMethod }),
    };
    const answer = await unlessReplaced(state, () =>
      paymentsWithin(request.untilMs - Date.now()).authorizePayment(request),
    );
    endIfCancelled(state);
    if (!answer) continue;
    answeredTries = request.tries;
    state.deadlineMs = answer.untilMs ?? request.untilMs + (answer.queuedMs ?? 0);
    if (answer.state === 'authorized') return;
    const woken = await awaitShopper(state, answer, seen, pollMs);
    if (!woken) pollMs *= POLL_SLOWER;
    endIfCancelled(state);
  }
}

/** The workflow starts later than its order's shopper would have waited, after an outage. */
const isLate = ({ acceptedAtMs = Date.now(), paymentWindowMs }: FulfillOrderInput): boolean =>
  Date.now() - acceptedAtMs > paymentWindowMs;

/** Waits for a card: nothing is charged that the shopper may not want any more. */
async function awaitConsent(state: OrderState): Promise<void> {
  const until = new Date(state.deadlineMs).toISOString();
  const nextAction = { kind: 'pay' as const, message: CONSENT_MESSAGE, until };
  await records.moveOrder({ ...state.order, status: 'awaiting_payment', nextAction });
  moved(state, 'awaiting_payment');
  showStep(state, 'waiting for the shopper to confirm the order');
  mailActionNeeded(state);
  const isWoken = () => state.cancelRequested || state.cards.length > 0;
  const woken = await condition(isWoken, state.deadlineMs - Date.now());
  endIfCancelled(state);
  if (!woken) throw expired();
  showStep(state, 'authorising the payment');
}

const attemptOf = ({ order, tries, cards, cardsTaken, deadlineMs: untilMs }: OrderState) => ({
  ...order,
  tries,
  cards: cardsTaken - cards.length,
  untilMs,
  marginMs: HOLD_MARGIN_MS,
});

/**
 * Runs an attempt to its end; undefined when a cancellation or another card ends it before. An
 * attempt in flight is awaited and may still take effect: whatever comes next reads the payment.
 */
async function unlessReplaced<T>(
  state: OrderState,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const scope = new CancellationScope();
  let isOver = false;
  const isReplaced = () => state.cancelRequested || state.cards.length > 0;
  void condition(() => isOver || isReplaced()).then(() => scope.cancel());
  try {
    return await scope.run(work);
  } catch (error) {
    if (refusalIn(error) || !isReplaced()) throw error;
    return undefined;
  } finally {
    isOver = true;
  }
}

/** Starts the payment window and the hold again from now. */
async function extend(state: OrderState, { paymentWindowMs }: FulfillOrderInput): Promise<void> {
  state.windowEndMs = Date.now() + paymentWindowMs;
  state.deadlineMs = state.windowEndMs;
  const holdMs = paymentWindowMs + HOLD_MARGIN_MS;
  await stock.extendHold({ ...state.order, holdMs });
}

/**
 * Waits for a change, another card, the time to retry the same card, or the deadline. False when
 * nothing came.
 */
async function awaitShopper(
  state: OrderState,
  { state: paymentState, retryAfterMs }: Authorization,
  seen: number,
  pollMs: number,
): Promise<boolean> {
  moved(state, 'awaiting_payment');
  showStep(state, 'waiting for the shopper to confirm the payment');
  state.isWaiting = true;
  if (paymentState !== 'processing' && retryAfterMs === undefined) mailActionNeeded(state);
  const leftMs = state.deadlineMs - Date.now();
  const waitMs = retryAfterMs ?? pollMs;
  const isWoken = () => state.changes > seen || state.cancelRequested || state.cards.length > 0;
  const woken = await condition(isWoken, Math.min(waitMs, leftMs));
  state.isWaiting = false;
  if (!woken && Date.now() >= state.deadlineMs) throw expired();
  if (!woken && retryAfterMs !== undefined && paymentState === 'declined') state.tries++;
  showStep(state, 'authorising the payment');
  return woken;
}

/** One mail for each card that failed. */
function mailActionNeeded(state: OrderState): void {
  if (state.mailedTries === state.tries) return;
  state.mailedTries = state.tries;
  mail(state, 'action_needed', { about: String(state.tries) });
}
