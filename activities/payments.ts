// Payment of an order: authorise, capture, and the one undo of both; each call under its own key.
import { wasSent } from '../db/postgres/orders/keys.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { advanceOrder } from '../db/postgres/orders/steps.ts';
import {
  authorizeInTurn,
  declined,
  type Authorization,
  type AuthorizeAsk,
  type AuthorizeParts,
} from './authorizing.ts';
import { keyed } from './payment-keys.ts';
import type { PaymentView, Stage } from './providers/stripe.ts';
import { giveBack, type RefundParts } from './refunds.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

export type PaymentParts = RefundParts & AuthorizeParts;

/** The view when it has reached this stage, else undefined: its effect is not there. */
const seenAs = async (
  { provider }: PaymentParts,
  id: string,
  stage: Stage,
): Promise<PaymentView | undefined> => {
  const view = await provider.read(id);
  return view.stage === stage ? view : undefined;
};

const capture = async (parts: PaymentParts, { orderId, storeId }: OrderAsk): Promise<void> => {
  const { pg, provider } = parts;
  const { paymentIntentId: id, status } = await orderById(pg, storeId, orderId);
  if (!id) throw new Error('a capture was asked before the payment was opened');
  const send = (key: string) => provider.capture(id, key);
  const read = () => seenAs(parts, id, 'captured');
  const step = { orderId, verb: 'capture', send, read };
  const view = await keyed(pg, step).catch(async (error: unknown) => {
    const now = await provider.read(id);
    if (now.stage === 'captured') return now;
    throw now.stage === 'canceled' ? declined(now) : error;
  });
  if (view.stage !== 'captured') throw declined(view);
  const isOpen = status === 'accepted' || status === 'awaiting_payment';
  await advanceOrder(pg, storeId, orderId, {
    paymentStatus: 'captured',
    ...(isOpen && { status: 'confirmed' as const }),
  });
};

/** The order's intent, also when the answer to its opening was lost; undefined if none was sent. */
const openedPayment = async (
  { pg, provider }: PaymentParts,
  { id, paymentIntentId, createdAt }: Order,
): Promise<PaymentView | undefined> => {
  if (paymentIntentId) return provider.read(paymentIntentId);
  if (!(await wasSent(pg, id, 'open'))) return undefined;
  return provider.findByOrder(id, createdAt.getTime());
};

/** Undo of both: voids what is only authorised, gives back what was captured, once. */
const undo = async (parts: PaymentParts, ask: OrderAsk & { reason?: string }): Promise<void> => {
  const { pg, provider } = parts;
  const { orderId, storeId } = ask;
  const found = await openedPayment(parts, await orderById(pg, storeId, orderId));
  if (!found) return;
  const { id, stage } = found;
  if (stage === 'captured') {
    // The answer to the capture may have been lost: what the provider has is what is booked.
    await advanceOrder(pg, storeId, orderId, { paymentIntentId: id });
    await recordCapture(parts, ask);
    const reason = ask.reason ?? 'the order was ended';
    return giveBack(parts, { id: `${orderId}/cancel`, orderId, storeId, reason });
  }
  if (stage !== 'canceled') {
    const send = (key: string) => provider.cancel(id, key);
    const read = () => seenAs(parts, id, 'canceled');
    await keyed(pg, { orderId, verb: 'void', send, read });
  }
  const gone = { paymentStatus: 'none' as const, clientSecret: null, nextAction: null };
  await advanceOrder(pg, storeId, orderId, gone);
};

const recordCapture = async ({ pg }: PaymentParts, { orderId, storeId }: OrderAsk) => {
  const { paymentStatus } = await orderById(pg, storeId, orderId);
  if (paymentStatus === 'none') {
    await advanceOrder(pg, storeId, orderId, { paymentStatus: 'authorized' });
  }
  if (paymentStatus === 'none' || paymentStatus === 'authorized') {
    await advanceOrder(pg, storeId, orderId, { paymentStatus: 'captured' });
  }
};

export const paymentActivities = (parts: PaymentParts) => ({
  /** Opens and confirms, or looks again at what was opened. CARD_DECLINED when that is the end. */
  authorizePayment: (ask: AuthorizeAsk): Promise<Authorization> => authorizeInTurn(parts, ask),
  /** Takes the money of an authorised payment. CARD_DECLINED when it is refused for good. */
  capturePayment: (ask: OrderAsk): Promise<void> => capture(parts, ask),
  /** Undo of both; resolves when the provider has confirmed it. */
  returnPayment: (ask: OrderAsk & { reason?: string }): Promise<void> => undo(parts, ask),
});
