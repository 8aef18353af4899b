// Compares the provider's payments with the ledger and records each difference as a break.
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
import type { PaymentRecord, ProviderLedger, TimeRange } from '../providers/stripe-ledger.ts';
import type { PaymentProvider } from '../providers/stripe.ts';

/** Payments of the last two days are compared again and again, older ones when they change. */
const RECHECKED_SECONDS = 48 * 3_600;
/** The repeated comparison takes at least this many runs to go through those two days. */
const RECHECK_RUNS = 12;
/** The range compared at once; it grows while comparisons are quick. A crash repeats one range. */
const RANGE_SECONDS_MIN = 60;
const RANGE_SECONDS_MAX = 4 * 3_600;
const QUICK_MS = 1_000;
/** The longest run; the next one continues where it stopped. */
const RUN_MS = 90_000;

export interface ReconciliationDeps {
  pg: Pg;
  provider: PaymentProvider;
  providerLedger: ProviderLedger;
  /** Younger payments may still differ while a change is recorded on one side only, in ms. */
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

/** An intent that is not its order's. An unconfirmed one holds no money and is cancelled. */
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
  // The workflow of an open order may be about to adopt the intent.
  return isEnding(order.status) ? strayOf(deps, intent, order.id) : undefined;
};

/** Compares a page of payments: opens breaks, and closes those of these payments that are gone. */
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

const compareMade = async (deps: ReconciliationDeps, range: TimeRange): Promise<Set<string>> => {
  const made = new Set<string>();
  for await (const page of deps.providerLedger.made(range)) {
    await compare(deps, page);
    for (const { id } of page) made.add(id);
  }
  return made;
};

/** Compares payments made in a range, and older ones that changed in it on either side. */
const compareNew = async (deps: ReconciliationDeps, range: TimeRange): Promise<void> => {
  const made = await compareMade(deps, range);
  const changed = new Set(await listChangedIntents(deps.pg, range));
  for await (const page of deps.providerLedger.refunded(range)) {
    for (const id of page) changed.add(id);
  }
  await compare(deps, await deps.providerLedger.read([...changed.difference(made)]));
};

type Lane = 'payments-new' | 'payments-again';
const COMPARES: Record<Lane, (deps: ReconciliationDeps, range: TimeRange) => Promise<unknown>> = {
  'payments-new': compareNew,
  'payments-again': compareMade,
};

const SECOND_US = 1_000_000;
/** The end of the range that a lane has compared, in seconds since 1970. */
const comparedUntil = async (pg: Pg, lane: Lane): Promise<number | undefined> => {
  const position = await positionOf(pg, lane);
  return position && position.atUs / SECOND_US;
};

/** Compares a lane's ranges until the end or the time limit; returns whether it reached the end. */
const compareUpTo = async (
  deps: ReconciliationDeps,
  lane: Lane,
  within: TimeRange,
  endMs: number,
): Promise<boolean> => {
  let at = within.fromSeconds;
  let length = RANGE_SECONDS_MIN;
  while (at < within.toSeconds && Date.now() < endMs) {
    const startedMs = Date.now();
    const toSeconds = Math.min(at + length, within.toSeconds);
    await COMPARES[lane](deps, { fromSeconds: at, toSeconds });
    await putPosition(deps.pg, lane, { atUs: toSeconds * SECOND_US, id: '' });
    at = toSeconds;
    const isQuick = Date.now() - startedMs < QUICK_MS;
    length = isQuick
      ? Math.min(length * 2, RANGE_SECONDS_MAX)
      : Math.max(length / 2, RANGE_SECONDS_MIN);
  }
  return at >= within.toSeconds;
};

/**
 * Compares payments made or changed since the last run, and a share of the earlier ones.
 * Its work grows with the payments since the last run, not with the payments in all.
 */
export const reconcile = async (deps: ReconciliationDeps): Promise<void> => {
  const { pg, providerLedger, settledMs } = deps;
  const startedMs = Date.now();
  const toSeconds = Math.floor((startedMs - settledMs) / 1_000);
  const oldest = toSeconds - RECHECKED_SECONDS;
  const endMs = startedMs + RUN_MS;
  const last = await comparedUntil(pg, 'payments-new');
  await compareUpTo(deps, 'payments-new', { fromSeconds: last ?? oldest, toSeconds }, endMs);
  await compare(deps, await providerLedger.read(await listOpenIntents(pg)));
  const fromSeconds = Math.max((await comparedUntil(pg, 'payments-again')) ?? oldest, oldest);
  const partEnd = Math.min(fromSeconds + RECHECKED_SECONDS / RECHECK_RUNS, toSeconds);
  const part = { fromSeconds, toSeconds: partEnd };
  const isThere = await compareUpTo(deps, 'payments-again', part, endMs);
  // The end moves with time: a lane that has reached it starts again from the oldest payment.
  if (isThere && partEnd === toSeconds) {
    await putPosition(pg, 'payments-again', { atUs: oldest * SECOND_US, id: '' });
  }
};
