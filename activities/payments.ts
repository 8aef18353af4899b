// Payment of an order: authorise, capture, and the one undo of both; each call under its own key.
import type { Pg } from '../db/postgres/client.ts';
import { advanceOrder, orderById, type Order } from '../db/postgres/orders.ts';
import { DomainError } from '../domain/errors.ts';
import { keyed, keyOf } from './payment-keys.ts';
import type { PaymentProvider, PaymentView } from './providers/stripe.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

/** What an authorisation came to; a decline is a refusal instead. */
export interface Authorization {
  state: 'authorized' | 'action_required';
}

interface PaymentParts {
  pg: Pg;
  provider: PaymentProvider;
}

const declined = (view: PaymentView): DomainError =>
  new DomainError('CARD_DECLINED', 'the card was declined', {
    facts: { declineCode: view.declineCode ?? 'generic_decline' },
  });

/** The view when it has reached this stage, else undefined: its effect is not there. */
const seenAs = async (
  { provider }: PaymentParts,
  id: string,
  stage: PaymentView['stage'],
): Promise<PaymentView | undefined> => {
  const view = await provider.read(id);
  return view.stage === stage ? view : undefined;
};

const openPayment = async (parts: PaymentParts, order: Order): Promise<PaymentView> => {
  const { pg, provider } = parts;
  if (order.paymentIntentId) return provider.read(order.paymentIntentId);
  const { id: orderId, totalMinor: amountMinor, currency } = order;
  const view = await keyed(pg, {
    orderId,
    verb: 'open',
    send: (key) => provider.open({ orderId, amountMinor, currency }, key),
    read: () => provider.findByOrder(orderId),
  });
  await advanceOrder(pg, order.storeId, orderId, { paymentIntentId: view.id });
  return view;
};

const confirmPayment = async (
  { pg, provider }: PaymentParts,
  order: Order,
  opened: PaymentView,
): Promise<PaymentView> => {
  const { id: orderId, paymentMethod } = order;
  if (opened.stage !== 'unconfirmed') return opened;
  return keyed(pg, {
    orderId,
    verb: `confirm/${paymentMethod}`,
    send: (key) => provider.confirm(opened.id, paymentMethod, key),
    read: async () => {
      const view = await provider.read(opened.id);
      const isUndecided = view.stage === 'unconfirmed' && view.declineCode === undefined;
      return isUndecided ? undefined : view;
    },
  });
};

const authorize = async (parts: PaymentParts, ask: OrderAsk): Promise<Authorization> => {
  const { orderId, storeId } = ask;
  const order = await orderById(parts.pg, storeId, orderId);
  const view = await confirmPayment(parts, order, await openPayment(parts, order));
  if (view.stage === 'authorized' || view.stage === 'captured') {
    const isNew = order.paymentStatus === 'none';
    await advanceOrder(parts.pg, storeId, orderId, {
      ...(isNew && { paymentStatus: 'authorized' as const }),
      clientSecret: null,
    });
    return { state: 'authorized' };
  }
  if (view.stage !== 'action_required') throw declined(view);
  await advanceOrder(parts.pg, storeId, orderId, { clientSecret: view.clientSecret });
  return { state: 'action_required' };
};

const capture = async (parts: PaymentParts, { orderId, storeId }: OrderAsk): Promise<void> => {
  const { pg, provider } = parts;
  const { paymentIntentId: id } = await orderById(pg, storeId, orderId);
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
  await advanceOrder(pg, storeId, orderId, { paymentStatus: 'captured' });
};

const giveBack = async (parts: PaymentParts, { orderId, storeId }: OrderAsk): Promise<void> => {
  const { pg, provider } = parts;
  const { paymentIntentId } = await orderById(pg, storeId, orderId);
  const found = paymentIntentId
    ? await provider.read(paymentIntentId)
    : await provider.findByOrder(orderId);
  if (!found) return;
  const { id, stage } = found;
  if (stage === 'captured') {
    if (!(await provider.isRefunded(id))) await provider.refund(id, keyOf(orderId, 'refund'));
    await advanceOrder(pg, storeId, orderId, { paymentStatus: 'refunded' });
    return;
  }
  if (stage !== 'canceled') {
    const send = (key: string) => provider.cancel(id, key);
    const read = () => seenAs(parts, id, 'canceled');
    await keyed(pg, { orderId, verb: 'void', send, read });
  }
  await advanceOrder(pg, storeId, orderId, { paymentStatus: 'none', clientSecret: null });
};

export const paymentActivities = (pg: Pg, provider: PaymentProvider) => {
  const parts = { pg, provider };
  return {
    /** Opens and confirms, or looks again at what was opened. CARD_DECLINED. */
    authorizePayment: (ask: OrderAsk): Promise<Authorization> => authorize(parts, ask),
    /** Takes the money of an authorised payment. CARD_DECLINED when it is refused for good. */
    capturePayment: (ask: OrderAsk): Promise<void> => capture(parts, ask),
    /** Undo of both: voids what is only authorised, refunds what was captured, once. */
    returnPayment: (ask: OrderAsk): Promise<void> => giveBack(parts, ask),
  };
};
