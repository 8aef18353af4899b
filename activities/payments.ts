// Authorises and captures an order's payment, and undoes both; each call has its own key.
import { wasSent } from '../db/postgres/orders/keys.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { advanceOrder } from '../db/postgres/orders/steps.ts';
import {
  authorizeInTurn,
  declined,
  type Authorization,
  type AuthorizeInput,
  type AuthorizeDeps,
} from './authorizing.ts';
import { keyed } from './payment-keys.ts';
import type { PaymentView, Stage } from './providers/stripe.ts';
import { giveBack, type RefundDeps } from './refunds.ts';
import type { StockInput as OrderInput } from './stock.ts';

export type PaymentDeps = RefundDeps & AuthorizeDeps;

/** The payment when it has reached this stage, else undefined. */
const seenAs = async (
  { provider }: PaymentDeps,
  id: string,
  stage: Stage,
): Promise<PaymentView | undefined> => {
  const view = await provider.read(id);
  return view.stage === stage ? view : undefined;
};

const capture = async (deps: PaymentDeps, { orderId, storeId }: OrderInput): Promise<void> => {
  const { pg, provider } = deps;
  const { paymentIntentId: id, status } = await orderById(pg, storeId, orderId);
  if (!id) throw new Error('a capture was requested before the payment was opened');
  const send = (key: string) => provider.capture(id, key);
  const read = () => seenAs(deps, id, 'captured');
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

/** The order's intent, also when the response to `open` was lost; undefined if none was sent. */
const openedPayment = async (
  { pg, provider }: PaymentDeps,
  { id, paymentIntentId, createdAt }: Order,
): Promise<PaymentView | undefined> => {
  if (paymentIntentId) return provider.read(paymentIntentId);
  if (!(await wasSent(pg, id, 'open'))) return undefined;
  return provider.findByOrder(id, createdAt.getTime());
};

/** Undoes both: voids an authorisation, refunds a capture once. */
const undo = async (deps: PaymentDeps, input: OrderInput & { reason?: string }): Promise<void> => {
  const { pg, provider } = deps;
  const { orderId, storeId } = input;
  const found = await openedPayment(deps, await orderById(pg, storeId, orderId));
  if (!found) return;
  const { id, stage } = found;
  if (stage === 'captured') {
    // The capture's response may have been lost: the provider's state is recorded.
    await advanceOrder(pg, storeId, orderId, { paymentIntentId: id });
    await recordCapture(deps, input);
    const reason = input.reason ?? 'the order was ended';
    return giveBack(deps, { id: `${orderId}/cancel`, orderId, storeId, reason });
  }
  if (stage !== 'canceled') {
    const send = (key: string) => provider.cancel(id, key);
    const read = () => seenAs(deps, id, 'canceled');
    await keyed(pg, { orderId, verb: 'void', send, read });
  }
  const gone = { paymentStatus: 'none' as const, clientSecret: null, nextAction: null };
  await advanceOrder(pg, storeId, orderId, gone);
};

const recordCapture = async ({ pg }: PaymentDeps, { orderId, storeId }: OrderInput) => {
  const { paymentStatus } = await orderById(pg, storeId, orderId);
  if (paymentStatus === 'none') {
    await advanceOrder(pg, storeId, orderId, { paymentStatus: 'authorized' });
  }
  if (paymentStatus === 'none' || paymentStatus === 'authorized') {
    await advanceOrder(pg, storeId, orderId, { paymentStatus: 'captured' });
  }
};

export const paymentActivities = (deps: PaymentDeps) => ({
  /** Opens and confirms the payment, or reads what was opened. CARD_DECLINED when it is final. */
  authorizePayment: (input: AuthorizeInput): Promise<Authorization> => authorizeInTurn(deps, input),
  /** Captures an authorised payment. CARD_DECLINED when it is refused for good. */
  capturePayment: (input: OrderInput): Promise<void> => capture(deps, input),
  /** Undo of both; resolves when the provider has confirmed it. */
  returnPayment: (input: OrderInput & { reason?: string }): Promise<void> => undo(deps, input),
});
