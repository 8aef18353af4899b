// Reconciliation: the provider's books against ours; a difference is a break until it is gone.
import {
  listChangedIntents,
  listOpenIntents,
  listOrdersById,
  putBreaks,
  type BreakDraft,
} from '../../db/postgres/orders/reconciliation-breaks.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { heldByProvider } from '../../db/postgres/orders/ledger.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { positionOf, putPosition } from '../../db/postgres/orders/positions.ts';
import { isId } from '../../domain/ids.ts';
import { isEnding, type PaymentStatus } from '../../domain/order.ts';
import { keyed } from '../payment-keys.ts';
import type { PaymentRecord, ProviderBooks, Stretch } from '../providers/stripe-books.ts';
import type { PaymentProvider } from '../providers/stripe.ts';

/** Payments of the last two days are compared again and again, older ones when they change. */
const AGAIN_SECONDS = 48 * 3_600;
/** Of those, so many parts at least are gone through before the first is again. */
const AGAIN_PARTS = 12;
/** Compared in one go, longer when there is little in it; a run that dies loses one go. */
const STRETCH_SECONDS_MIN = 60;
const STRETCH_SECONDS_MAX = 4 * 3_600;
const QUICK_MS = 1_000;
/** One run takes no longer, and the next goes on where it stopped. */
const RUN_MS = 90_000;

export interface ReconciliationDeps {
  pg: Pg;
  provider: PaymentProvider;
  books: ProviderBooks;
  /** What is younger may still be on its way between the two books, in ms. */
  settledMs: number;
}

const HAS_MONEY: readonly PaymentStatus[] = [
  'captured',
  'partially_refunded',
  'refunded',
  'disputed',
];

const differs = (
  intent: PaymentRecord,
  { id: orderId, paymentStatus, status }: Order,
  oursMinor: number,
): BreakDraft | undefined => {
  const facts = { intentId: intent.id, paymentStatus, status, provider: intent.stage };
  const isCaptured = intent.stage === 'captured';
  if (isCaptured && !HAS_MONEY.includes(paymentStatus)) {
    return { id: `captured/${intent.id}`, kind: 'CAPTURE_UNRECORDED', orderId, facts };
  }
  if (!isCaptured) {
    if (!HAS_MONEY.includes(paymentStatus)) return undefined;
    return { id: `missing/${intent.id}`, kind: 'CAPTURE_MISSING', orderId, facts };
  }
  const theirsMinor = intent.capturedMinor - intent.refundedMinor;
  if (paymentStatus === 'disputed' || oursMinor === theirsMinor) return undefined;
  const amounts = { ...facts, oursMinor, theirsMinor };
  return { id: `refunds/${intent.id}`, kind: 'REFUNDS_DIFFER', orderId, facts: amounts };
};

/** An intent that its order does not know: unconfirmed it holds no money, and is dropped. */
const strayOf = async (
  { pg, provider }: ReconciliationDeps,
  intent: PaymentRecord,
  orderId: string,
): Promise<BreakDraft | undefined> => {
  if (intent.stage === 'canceled') return undefined;
  if (intent.stage === 'unconfirmed') {
    const send = (key: string) => provider.cancel(intent.id, key);
    const read = () => provider.read(intent.id);
    await keyed(pg, { orderId, verb: `stray/${intent.id}`, send, read });
    return undefined;
  }
  const facts = { intentId: intent.id, provider: intent.stage };
  return { id: `stray/${intent.id}`, kind: 'STRAY_INTENT', orderId, facts };
};

const breakOf = async (
  deps: ReconciliationDeps,
  intent: PaymentRecord,
  order: Order | undefined,
  oursMinor: number,
): Promise<BreakDraft | undefined> => {
  if (!order) {
    if (intent.stage !== 'captured' && intent.stage !== 'authorized') return undefined;
    const facts = { intentId: intent.id, capturedMinor: intent.capturedMinor };
    return { id: `unknown/${intent.id}`, kind: 'UNKNOWN_ORDER', orderId: null, facts };
  }
  if (order.paymentIntentId === intent.id) return differs(intent, order, oursMinor);
  // Until the order has ended its story may be about to adopt what it finds.
  return isEnding(order.status) ? strayOf(deps, intent, order.id) : undefined;
};

/** Compares a page of payments: breaks open, and those of these payments that are gone close. */
const compare = async (deps: ReconciliationDeps, intents: PaymentRecord[]): Promise<void> => {
  if (intents.length === 0) return;
  const ids = intents.flatMap(({ orderId }) => (isId('order', orderId) ? [orderId] : []));
  const [orders, held] = await Promise.all([
    listOrdersById(deps.pg, ids),
    heldByProvider(deps.pg, ids),
  ]);
  const known = new Map(orders.map((order) => [order.id, order]));
  const found: BreakDraft[] = [];
  for (const intent of intents) {
    const { orderId = '' } = intent;
    const one = await breakOf(deps, intent, known.get(orderId), held.get(orderId) ?? 0);
    if (one) found.push(one);
  }
  const compared = intents.map(({ id }) => id);
  await putBreaks(deps.pg, compared, found);
};

const compareMade = async (deps: ReconciliationDeps, stretch: Stretch): Promise<Set<string>> => {
  const made = new Set<string>();
  for await (const page of deps.books.made(stretch)) {
    await compare(deps, page);
    for (const { id } of page) made.add(id);
  }
  return made;
};

/** What was made in a stretch, and what has changed in it on either side and is older. */
const compareNew = async (deps: ReconciliationDeps, stretch: Stretch): Promise<void> => {
  const made = await compareMade(deps, stretch);
  const changed = new Set(await listChangedIntents(deps.pg, stretch));
  for await (const page of deps.books.refunded(stretch)) {
    for (const id of page) changed.add(id);
  }
  await compare(deps, await deps.books.read([...changed.difference(made)]));
};

type Lane = 'payments-new' | 'payments-again';
const COMPARES: Record<Lane, (deps: ReconciliationDeps, stretch: Stretch) => Promise<unknown>> = {
  'payments-new': compareNew,
  'payments-again': compareMade,
};

const SECOND_US = 1_000_000;
/** Up to when a lane has compared, in seconds since 1970. */
const comparedUntil = async (pg: Pg, lane: Lane): Promise<number | undefined> => {
  const position = await positionOf(pg, lane);
  return position && position.atUs / SECOND_US;
};

/** Goes on up to an end, or for as long as the run may take; answers whether it came there. */
const goOn = async (
  deps: ReconciliationDeps,
  lane: Lane,
  within: Stretch,
  endMs: number,
): Promise<boolean> => {
  let at = within.fromSeconds;
  let length = STRETCH_SECONDS_MIN;
  while (at < within.toSeconds && Date.now() < endMs) {
    const startedMs = Date.now();
    const toSeconds = Math.min(at + length, within.toSeconds);
    await COMPARES[lane](deps, { fromSeconds: at, toSeconds });
    await putPosition(deps.pg, lane, { atUs: toSeconds * SECOND_US, id: '' });
    at = toSeconds;
    const isQuick = Date.now() - startedMs < QUICK_MS;
    length = isQuick
      ? Math.min(length * 2, STRETCH_SECONDS_MAX)
      : Math.max(length / 2, STRETCH_SECONDS_MIN);
  }
  return at >= within.toSeconds;
};

/**
 * Compares what was made or has changed since the last run, and a part of what was compared before.
 * Its work is that of the payments in between, however many there are in all.
 */
export const reconcile = async (deps: ReconciliationDeps): Promise<void> => {
  const { pg, books, settledMs } = deps;
  const startedMs = Date.now();
  const toSeconds = Math.floor((startedMs - settledMs) / 1_000);
  const oldest = toSeconds - AGAIN_SECONDS;
  const endMs = startedMs + RUN_MS;
  const last = await comparedUntil(pg, 'payments-new');
  await goOn(deps, 'payments-new', { fromSeconds: last ?? oldest, toSeconds }, endMs);
  await compare(deps, await books.read(await listOpenIntents(pg)));
  const fromSeconds = Math.max((await comparedUntil(pg, 'payments-again')) ?? oldest, oldest);
  const partEnd = Math.min(fromSeconds + AGAIN_SECONDS / AGAIN_PARTS, toSeconds);
  const part = { fromSeconds, toSeconds: partEnd };
  const isThere = await goOn(deps, 'payments-again', part, endMs);
  // The end moves on all the while: who has come to it begins anew.
  if (isThere && partEnd === toSeconds) {
    await putPosition(pg, 'payments-again', { atUs: oldest * SECOND_US, id: '' });
  }
};
