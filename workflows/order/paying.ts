// Paying, as the story tells it: at once, or as long as the shopper has.
import { condition } from '@temporalio/workflow';
import type { Authorization } from '../../activities/authorizing.ts';
import type { FulfillOrderInput } from '../fulfill-order.contract.ts';
import { paymentsWithin, stock } from '../hands.ts';
import { doing, endIfCancelled, expired, mail, moved, moveTo, type OrderStory } from './story.ts';

/** Stock is held this much longer than the shopper may take to pay. */
export const HOLD_MARGIN_MS = 60_000;
/** A shopper who is busy paying gets the window again, at most so often. */
const EXTENSIONS_MAX = 3;
/**
 * The provider is asked anew this long after the shopper was last heard of, then after four times
 * as long: the browser and the webhook come first, and most who have not paid by then never do.
 */
const POLL_FIRST_MS = 20_000;
const POLL_SLOWER = 4;

/** Authorises at once, or waits for the shopper as long as the stock is held. */
export async function untilAuthorized(story: OrderStory, input: FulfillOrderInput): Promise<void> {
  let extensions = 0;
  for (let pollMs = POLL_FIRST_MS; ; pollMs *= POLL_SLOWER) {
    const seen = story.news;
    const paymentMethod = story.cards.shift();
    if (paymentMethod) {
      story.tries++;
      pollMs = POLL_FIRST_MS;
      if (extensions++ < EXTENSIONS_MAX) await extend(story, input);
    }
    const { tries, deadlineMs: untilMs } = story;
    const deadline = { untilMs, marginMs: HOLD_MARGIN_MS };
    const ask = { ...story.order, tries, ...deadline, ...(paymentMethod && { paymentMethod }) };
    const answer = await paymentsWithin(untilMs - Date.now()).authorizePayment(ask);
    story.deadlineMs += answer.queuedMs ?? 0;
    if (answer.state === 'authorized') return;
    await awaitShopper(story, answer, seen, story.isSecond ? pollMs : undefined);
    endIfCancelled(story);
  }
}

/** The shopper is busy paying: the order and its stock wait a whole window from now. */
async function extend(story: OrderStory, { paymentWindowMs }: FulfillOrderInput): Promise<void> {
  story.deadlineMs = Date.now() + paymentWindowMs;
  const holdMs = paymentWindowMs + HOLD_MARGIN_MS;
  await stock.extendHold({ ...story.order, holdMs });
}

/** Until there is news, another card, the time to try the same one again, or the deadline. */
async function awaitShopper(
  story: OrderStory,
  { state, retryAfterMs }: Authorization,
  seen: number,
  pollMs: number | undefined,
): Promise<void> {
  if (story.status !== 'awaiting_payment') {
    if (story.isSecond) moved(story, 'awaiting_payment');
    else await moveTo(story, 'awaiting_payment');
  }
  doing(story, 'waiting for the shopper to confirm the payment');
  story.isWaiting = true;
  if (state !== 'processing' && retryAfterMs === undefined) askOnce(story);
  const leftMs = story.deadlineMs - Date.now();
  const waitMs = retryAfterMs ?? pollMs ?? leftMs;
  const isWoken = () => story.news > seen || story.cancelAsked || story.cards.length > 0;
  const woken = await condition(isWoken, Math.min(waitMs, leftMs));
  story.isWaiting = false;
  if (!woken && Date.now() >= story.deadlineMs) throw expired();
  if (!woken && retryAfterMs !== undefined && state === 'declined') story.tries++;
  doing(story, 'authorising the payment');
}

/** One mail for each card that did not do. */
function askOnce(story: OrderStory): void {
  if (!story.isSecond || story.asked === story.tries) return;
  story.asked = story.tries;
  mail(story, 'action_needed', { about: String(story.tries) });
}
