// Reconciliation: the provider's books against ours; a difference is a break until it is gone.
import { listOrdersById, putBreaks, type BreakDraft } from '../../db/postgres/orders/breaks.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { heldByProvider } from '../../db/postgres/orders/ledger.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { isId } from '../../domain/ids.ts';
import { isEnding, type PaymentStatus } from '../../domain/order.ts';
import { keyed } from '../payment-keys.ts';
import type { AftercareProvider } from '../providers/stripe-aftercare.ts';
import type { PaymentProvider, PaymentRecord } from '../providers/stripe.ts';

/** Payments of the last two days are compared; older ones were, many times. */
const COMPARED_MS = 48 * 3_600_000;

export interface BooksParts {
  pg: Pg;
  provider: PaymentProvider;
  aftercare: AftercareProvider;
  /** What is younger may still be on its way between the two books, in ms. */
  settledMs: number;
}

const HAS_MONEY: readonly PaymentStatus[] = [
  'captured',
  'partially_refunded',
  'refunded',
  'disputed',
];

const differs = async (
  { pg, aftercare }: BooksParts,
  intent: PaymentRecord,
  order: Order,
): Promise<BreakDraft | undefined> => {
  const isCaptured = intent.stage === 'captured';
  const { id: orderId, paymentStatus, status } = order;
  const facts = { intentId: intent.id, paymentStatus, status, provider: intent.stage };
  if (isCaptured && !HAS_MONEY.includes(paymentStatus)) {
    return { id: `captured/${intent.id}`, kind: 'CAPTURE_UNRECORDED', orderId, facts };
  }
  if (!isCaptured) {
    if (!HAS_MONEY.includes(paymentStatus)) return undefined;
    return { id: `missing/${intent.id}`, kind: 'CAPTURE_MISSING', orderId, facts };
  }
  if (paymentStatus === 'disputed') return undefined;
  const heldMinor = await heldByProvider(pg, orderId);
  const theirsMinor = intent.capturedMinor - (await aftercare.refundedMinor(intent.id));
  if (heldMinor === theirsMinor) return undefined;
  const amounts = { ...facts, oursMinor: heldMinor, theirsMinor };
  return { id: `refunds/${intent.id}`, kind: 'REFUNDS_DIFFER', orderId, facts: amounts };
};

/** An intent that its order does not know: unconfirmed it holds no money, and is dropped. */
const strayOf = async (
  { pg, provider }: BooksParts,
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
  parts: BooksParts,
  intent: PaymentRecord,
  order: Order | undefined,
): Promise<BreakDraft | undefined> => {
  if (!order) {
    if (intent.stage !== 'captured' && intent.stage !== 'authorized') return undefined;
    const facts = { intentId: intent.id, capturedMinor: intent.capturedMinor };
    return { id: `unknown/${intent.id}`, kind: 'UNKNOWN_ORDER', orderId: null, facts };
  }
  if (order.paymentIntentId === intent.id) return differs(parts, intent, order);
  // Until the order has ended its story may be about to adopt what it finds.
  return isEnding(order.status) ? strayOf(parts, intent, order.id) : undefined;
};

/** Answers how many breaks are open now. */
export const reconcile = async (parts: BooksParts): Promise<number> => {
  const now = Date.now();
  const intents = (await parts.provider.listSince(now - COMPARED_MS)).filter(
    ({ createdAtMs }) => createdAtMs < now - parts.settledMs,
  );
  const ids = intents.flatMap(({ orderId }) => (isId('order', orderId) ? [orderId] : []));
  const orders = new Map((await listOrdersById(parts.pg, ids)).map((order) => [order.id, order]));
  const found: BreakDraft[] = [];
  for (const intent of intents) {
    const one = await breakOf(parts, intent, orders.get(intent.orderId ?? ''));
    if (one) found.push(one);
  }
  await putBreaks(parts.pg, found);
  return found.length;
};
