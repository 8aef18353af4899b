// Authorises and captures an order's payment, and undoes both; each call has its own key.
import type { Pg } from '../db/postgres/client.ts';
import { forgetKeys, wasSent } from '../db/postgres/orders/keys.ts';
import { answerLooks } from '../db/postgres/orders/looks.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { advanceOrder } from '../db/postgres/orders/steps.ts';
import { decideDecline, type NextAction } from '../domain/declines.ts';
import { DomainError } from '../domain/errors.ts';
import { assertingInTime, queuedMsNow } from './attempts.ts';
import { keyed } from './payment-keys.ts';
import { isAmountRefused, ownFaultOf } from './providers/stripe-client.ts';
import type { PaymentProvider, PaymentView, Stage } from './providers/stripe.ts';
import { giveBack, type RefundDeps } from './refunds.ts';
import type { StockInput as OrderInput } from './stock.ts';

export interface AuthorizeInput extends OrderInput {
  /** The confirmation's number, from 1; the same number repeats the same confirmation. */
  tries?: number;
  /** A card that replaces the order's. */
  paymentMethod?: string;
  /** Cards that the order has tried, this one among them. */
  cards?: number;
  /** This confirmation was answered before: its payment is only read again. */
  isReadAgain?: boolean;
  /** When the order expires, in ms since 1970. */
  untilMs?: number;
  /** How long the bank's challenge is waited for, in ms; without it until the window's end. */
  challengeMs?: number;
  /** When the payment window ends, in ms since 1970, where a challenge has less time. */
  windowEndMs?: number;
  /** How much longer than the payment window the stock is held, in ms. */
  marginMs?: number;
}

/** The result of an authorisation. A decline that ends the order is thrown instead. */
export interface Authorization {
  state: 'authorized' | 'action_required' | 'processing' | 'declined';
  /** When the same card is tried once more; only with `declined`. */
  retryAfterMs?: number;
  /** When the order expires from now on, in ms since 1970; absent where that is as before. */
  untilMs?: number;
  /** Time spent in the task queue, in ms; the payment window and the hold are extended by it. */
  queuedMs?: number;
}

export interface AuthorizeDeps {
  pg: Pg;
  provider: PaymentProvider;
  /** RESERVATION_ENDED when the hold is over already. */
  extendHold(input: OrderInput & { holdMs: number }): Promise<void>;
}

interface Attempt extends AuthorizeDeps {
  /** Throws once the attempt is over: nothing is confirmed after its undo. */
  assertInTime(): void;
}

/** A shorter queue time is not worth a call to Inventory. */
const QUEUED_MS_MIN = 5_000;

const ACTION_MESSAGE = 'Your bank asks you to confirm this payment.';
const WAIT_MESSAGE = 'Your bank is working on this payment.';

/** CARD_DECLINED, with the bank's decline code. */
const declined = (view: PaymentView): DomainError =>
  new DomainError('CARD_DECLINED', 'the card was declined', {
    facts: { declineCode: view.declineCode ?? 'generic_decline' },
  });

/**
 * PAYMENT_REFUSED when the provider refuses our call, AMOUNT_NOT_CHARGEABLE when it is the amount
 * that it refuses; its text is for operators alone.
 */
const refusedForGood = (cause: unknown): DomainError | undefined => {
  const providerText = ownFaultOf(cause);
  if (providerText === undefined) return undefined;
  if (isAmountRefused(cause)) {
    const message = 'the card provider does not charge this amount';
    return new DomainError('AMOUNT_NOT_CHARGEABLE', message, { facts: { providerText }, cause });
  }
  const message = 'we cannot take payments at the moment';
  return new DomainError('PAYMENT_REFUSED', message, { facts: { providerText }, cause });
};

const openPayment = async (deps: AuthorizeDeps, order: Order): Promise<PaymentView> => {
  const { pg, provider } = deps;
  if (order.paymentIntentId) return provider.read(order.paymentIntentId);
  const { id: orderId, totalMinor: amountMinor, currency } = order;
  const view = await keyed(pg, {
    orderId,
    verb: 'open',
    send: (key) => provider.open({ orderId, amountMinor, currency }, key),
    read: () => provider.findByOrder(orderId, order.createdAt.getTime()),
  }).catch(async (error: unknown) => {
    // An intent of a lost response is not confirmed, and so holds no money.
    if (ownFaultOf(error) !== undefined) await forgetKeys(pg, orderId, 'open');
    throw error;
  });
  await advanceOrder(pg, order.storeId, orderId, { paymentIntentId: view.id });
  return view;
};

/** The stages in which a confirmation can still change the payment. */
const CONFIRMABLE: readonly Stage[] = ['unconfirmed', 'action_required'];

/**
 * Confirms the payment under this attempt's key.
 * A saved response may be older than the payment's present state. The payment is therefore read
 * again when the response says that the shopper must act.
 */
const confirmPayment = async (
  { pg, provider, assertInTime }: Attempt,
  order: Order,
  opened: PaymentView,
  tries: number,
): Promise<PaymentView> => {
  if (!CONFIRMABLE.includes(opened.stage)) return opened;
  const { id } = opened;
  const { id: orderId, paymentMethod } = order;
  const view = await keyed(pg, {
    orderId,
    verb: `confirm/${tries}`,
    send: async (key) => {
      assertInTime();
      return provider.confirm(id, paymentMethod, key);
    },
    read: async () => {
      const now = await provider.read(id);
      const isUndecided = now.stage === 'unconfirmed' && now.declineCode === opened.declineCode;
      return isUndecided ? undefined : now;
    },
  });
  return view.stage === 'action_required' ? provider.read(id) : view;
};

const declineCodeOf = ({ facts }: DomainError): string =>
  typeof facts['declineCode'] === 'string' ? facts['declineCode'] : 'generic_decline';

const isDecline = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.code === 'CARD_DECLINED';

const isoOf = (atMs: number | undefined): string | undefined =>
  atMs === undefined ? undefined : new Date(atMs).toISOString();

/** Records the shopper's next action and moves the order to `awaiting_payment`. */
const awaitShopper = async (
  { pg }: AuthorizeDeps,
  { orderId, storeId }: OrderInput,
  nextAction: NextAction,
  clientSecret: string | null,
): Promise<void> => {
  const data = { nextAction };
  const status = 'awaiting_payment';
  await advanceOrder(pg, storeId, orderId, { status, nextAction, clientSecret, data });
};

/** Holds the stock until a payment window's end, and a margin longer. */
const holdUntil = (
  deps: AuthorizeDeps,
  { orderId, storeId, marginMs = 0 }: AuthorizeInput,
  untilMs: number,
): Promise<void> => {
  const holdMs = untilMs + marginMs - Date.now();
  return deps.extendHold({ orderId, storeId, holdMs });
};

/** Applies the decline policy: another card, the same card later, or CARD_DECLINED. */
const afterDecline = async (
  deps: AuthorizeDeps,
  input: AuthorizeInput,
  { keepOnDecline: isKept }: Order,
  refusal: DomainError,
): Promise<Authorization> => {
  const { tries = 1, cards = 1, isReadAgain = false } = input;
  const decision = decideDecline(declineCodeOf(refusal), { tries, cards, isKept });
  if (decision.step === 'stop') throw refusal;
  const { message, retryAfterMs, waitMs } = decision;
  const isWaitBegun = waitMs === undefined || isReadAgain;
  const untilMs = isWaitBegun ? undefined : Date.now() + waitMs;
  if (untilMs !== undefined) await holdUntil(deps, input, untilMs);
  const until = isoOf(untilMs ?? input.untilMs);
  const kind = decision.step === 'retry' ? ('wait' as const) : ('another_card' as const);
  const at = retryAfterMs === undefined ? undefined : isoOf(Date.now() + retryAfterMs);
  await awaitShopper(deps, input, { kind, message, at, until }, null);
  return {
    state: 'declined',
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(untilMs !== undefined && { untilMs }),
  };
};

/** The order, with the card that replaces its own. */
const orderToPay = (
  { pg }: AuthorizeDeps,
  { orderId, storeId, paymentMethod }: AuthorizeInput,
): Promise<Order> =>
  paymentMethod
    ? advanceOrder(pg, storeId, orderId, { paymentMethod })
    : orderById(pg, storeId, orderId);

/** A payment that is confirmed or under way; CARD_DECLINED for one that is not. */
const confirmed = async (deps: Attempt, order: Order, tries: number): Promise<PaymentView> => {
  try {
    const opened = await openPayment(deps, order);
    const view = await confirmPayment(deps, order, opened, tries);
    if (view.stage === 'unconfirmed' || view.stage === 'canceled') throw declined(view);
    await answerLooks(deps.pg, order);
    return view;
  } catch (error) {
    if (isDecline(error)) await answerLooks(deps.pg, order);
    throw error;
  }
};

/** Extends the hold by the time spent in the task queue, so that queues do not use it up. */
const outlastQueue = async (deps: AuthorizeDeps, input: AuthorizeInput): Promise<number> => {
  const { untilMs } = input;
  const queuedMs = queuedMsNow();
  if (queuedMs < QUEUED_MS_MIN || untilMs === undefined) return 0;
  await holdUntil(deps, input, untilMs + queuedMs);
  return queuedMs;
};

/**
 * Until when an undecided payment is waited for, where that changes: a challenge is short from its
 * beginning, and a bank that works on it gives back the whole window.
 */
const untilOf = (
  { challengeMs, windowEndMs, isReadAgain = false }: AuthorizeInput,
  isChallenge: boolean,
): number | undefined => {
  if (challengeMs === undefined || windowEndMs === undefined) return undefined;
  if (!isChallenge) return windowEndMs;
  return isReadAgain ? undefined : Math.min(windowEndMs, Date.now() + challengeMs);
};

/** Waits for the bank, or for what it asks of the shopper. */
const undecided = async (
  deps: AuthorizeDeps,
  input: AuthorizeInput,
  stage: Stage,
  clientSecret: string | null,
): Promise<Authorization> => {
  const isChallenge = stage !== 'processing';
  const untilMs = untilOf(input, isChallenge);
  const until = isoOf(untilMs ?? input.untilMs);
  const action: NextAction = isChallenge
    ? { kind: 'authenticate', message: ACTION_MESSAGE, until }
    : { kind: 'wait', message: WAIT_MESSAGE, until };
  await awaitShopper(deps, input, action, isChallenge ? clientSecret : null);
  const state = isChallenge ? 'action_required' : 'processing';
  return { state, ...(untilMs !== undefined && { untilMs }) };
};

const authorize = async (deps: Attempt, input: AuthorizeInput): Promise<Authorization> => {
  const { orderId, storeId } = input;
  const order = await orderToPay(deps, input);
  if (order.totalMinor === 0) return { state: 'authorized' };
  try {
    const { stage, clientSecret } = await confirmed(deps, order, input.tries ?? 1);
    if (stage === 'authorized' || stage === 'captured') {
      const { paymentStatus } = await orderById(deps.pg, storeId, orderId);
      await advanceOrder(deps.pg, storeId, orderId, {
        ...(paymentStatus === 'none' && { paymentStatus: 'authorized' as const }),
        clientSecret: null,
        nextAction: null,
      });
      return { state: 'authorized' };
    }
    return await undecided(deps, input, stage, clientSecret);
  } catch (error) {
    if (isDecline(error)) return afterDecline(deps, input, order, error);
    throw refusedForGood(error) ?? error;
  }
};

/**
 * Opens and confirms the payment, or reads what was opened. CARD_DECLINED when it is final,
 * PAYMENT_REFUSED, AMOUNT_NOT_CHARGEABLE.
 */
const extendAndAuthorize = async (deps: Attempt, input: AuthorizeInput): Promise<Authorization> => {
  const queuedMs = await outlastQueue(deps, input);
  if (queuedMs === 0) return authorize(deps, input);
  const untilMs = (input.untilMs ?? 0) + queuedMs;
  return { ...(await authorize(deps, { ...input, untilMs })), queuedMs };
};

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
  const order = await orderById(pg, storeId, orderId);
  const isOpen = order.status === 'accepted' || order.status === 'awaiting_payment';
  const confirms = isOpen ? { status: 'confirmed' as const } : {};
  if (order.totalMinor === 0) {
    await advanceOrder(pg, storeId, orderId, confirms);
    return;
  }
  const { paymentIntentId: id } = order;
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
  await advanceOrder(pg, storeId, orderId, { paymentStatus: 'captured', ...confirms });
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
    await advanceOrder(pg, storeId, orderId, { paymentIntentId: id, paymentStatus: 'captured' });
    const reason = input.reason ?? 'the order was ended';
    return giveBack(deps, { id: `${orderId}/cancel`, orderId, storeId, reason, isOwed: true });
  }
  if (stage !== 'canceled') {
    const send = (key: string) => provider.cancel(id, key);
    const read = () => seenAs(deps, id, 'canceled');
    await keyed(pg, { orderId, verb: 'void', send, read });
  }
  const gone = { paymentStatus: 'none' as const, clientSecret: null, nextAction: null };
  await advanceOrder(pg, storeId, orderId, gone);
};

export const paymentActivities = (deps: PaymentDeps) => ({
  /**
   * Opens and confirms the payment, or reads what was opened. CARD_DECLINED when it is final,
   * PAYMENT_REFUSED, AMOUNT_NOT_CHARGEABLE.
   */
  authorizePayment: (input: AuthorizeInput): Promise<Authorization> =>
    extendAndAuthorize({ ...deps, assertInTime: assertingInTime() }, input),
  /** Captures an authorised payment and confirms the order. CARD_DECLINED when it is final. */
  capturePayment: (input: OrderInput): Promise<void> => capture(deps, input),
  /** Undo of both. A refund that the bank has not confirmed yet is owed, and looked at again. */
  returnPayment: (input: OrderInput & { reason?: string }): Promise<void> => undo(deps, input),
});
