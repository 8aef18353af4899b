// A shopper's calls on orders; HTTP and GraphQL only shape their requests and responses.
import { createHash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { z } from 'zod';
import { DomainError, invalid, isErrorCode } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { assertUnits } from '../../domain/order.ts';
import type { Currency } from '../../domain/money.ts';
import type { Order } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import type {
  OrderEvent,
  OrdersService,
  Return,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { OrderAccess } from '../http/access.ts';
import { assertNoCardNumber } from '../http/body.ts';
import { checkedKey, ORDER_KEY_LENGTH_MIN } from '../http/idempotency-keys.ts';
import type { Principal } from '../http/principals.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Attempts, Paid } from './limits/attempts.ts';
import type { Limits } from './limits/profiles.ts';
import type { OrderChanges } from './order-changes.ts';
import { callHeaders, ownerOf } from './owners.ts';
import {
  idOf,
  statusOf,
  toNextActionResponse,
  wireCheckout,
  type orderBody,
  type returnBody,
} from './shapes.ts';

export interface OrderDeps {
  orders: Client<typeof OrdersService>;
  access: OrderAccess;
  /** Wakes those who follow an order. */
  changes: OrderChanges;
  attempts: Attempts;
  /** How many units a guest or an account may order at once. */
  units: Limits['units'];
  telemetry: Telemetry;
  /** Aborted when this process is about to end. */
  draining: AbortSignal;
}

/** The caller and its network address. */
export interface Shopper {
  principal: Principal;
  address: string;
}

/** The caller's key; IDEMPOTENCY_KEY_MISSING, INVALID_INPUT, CARD_DATA_FORBIDDEN. */
export const idempotencyKey = (key: string, min = ORDER_KEY_LENGTH_MIN): string => {
  if (key === '') throw new DomainError('IDEMPOTENCY_KEY_MISSING', 'send an Idempotency-Key');
  // Only a key of nothing but digits: some random UUIDs would pass Luhn's check.
  if (/^[\d-]+$/.test(key)) assertNoCardNumber(key, 'Idempotency-Key');
  return checkedKey(key, min);
};

/** NOT_FOUND unless the caller may see this order; Orders checks those of an account. */
export const allowedOrder = (access: OrderAccess, principal: Principal, id: string): string => {
  if (principal.kind === 'guest') access.assertToken(principal.orderToken, id);
  else if (principal.kind !== 'account' || !isId('order', id)) {
    throw new DomainError('NOT_FOUND', 'no such order');
  }
  return id;
};

/** A refusal of an order that exists carries its id, its token and the next action. */
const refusal = (order: Order, code: string, message: string, token?: string): DomainError => {
  const known = isErrorCode(code) ? code : 'ILLEGAL_TRANSITION';
  const action = order.private?.nextAction;
  const next = action && { nextAction: toNextActionResponse(action) };
  const shown = { id: idOf(order), status: statusOf(order), ...next };
  return new DomainError(known, message, {
    facts: { order: shown, ...(token !== undefined && { accessToken: token }), ...next },
  });
};

const existing = <T>(found: T | undefined): T => {
  if (found === undefined) throw new Error('Orders answered without what was asked for');
  return found;
};

/** Statuses of an order whose payment was made. */
const PAID: readonly string[] = ['confirmed', 'packing', 'shipped', 'delivered'];

/** A payment that is not made yet may be a stolen card's: its bank waits for the holder. */
const paidOf = (order: Order): Paid => {
  const status = statusOf(order);
  const other = status === 'accepted' ? 'unknown' : 'awaited';
  return { orderId: idOf(order), state: PAID.includes(status) ? 'made' : other };
};

interface Answered {
  order?: Order | undefined;
  refusalCode: string;
  refusalMessage: string;
}

/** The refusal of an order that exists, CARD_DECLINED among them. */
const accepted = (access: OrderAccess, answer: Answered): Order => {
  const { refusalCode, refusalMessage } = answer;
  const order = existing(answer.order);
  if (refusalCode === '') return order;
  throw refusal(order, refusalCode, refusalMessage, access.placedTokenOf(idOf(order)));
};

/** The e-mail of an order; optional for an account, which has one. INVALID_INPUT. */
export const emailOf = ({ principal }: Shopper, given: string | undefined): string => {
  const email = given ?? (principal.kind === 'account' ? principal.email : undefined);
  if (email === undefined) throw invalid('email', 'is needed');
  return email;
};

/**
 * The same key and body join the first call. Codes: those of PlaceOrder, QUANTITY_LIMITED,
 * TOO_MANY_DECLINES.
 */
export const placeOrder = async (
  { orders, access, attempts, units }: OrderDeps,
  { principal, address }: Shopper,
  body: z.output<typeof orderBody> & { currency?: Currency | undefined },
  key: string,
): Promise<Order> => {
  const email = emailOf({ principal, address }, body.email);
  // Anyone makes an account of any address: until it is confirmed, its holder is a guest.
  const isConfirmed = principal.kind === 'account' && principal.emailVerified;
  assertUnits(body.lines, units[isConfirmed ? 'account' : 'guest']);
  const account = ownerOf(principal, email);
  const checkout = { ...wireCheckout({ ...body, email }, key, account), isUnproven: !isConfirmed };
  const { storeId } = principal;
  const attempt = { storeId, key, card: body.paymentMethod ?? '', address, account };
  const place = async (): Promise<Order> =>
    accepted(access, await orders.placeOrder(checkout, callHeaders(principal)));
  return attempts.pay(attempt, place, paidOf);
};

/**
 * Reads the payment again, or tries another card. CARD_DECLINED, ILLEGAL_TRANSITION,
 * TOO_MANY_DECLINES.
 */
export const payOrder = async (
  { orders, access, attempts }: OrderDeps,
  { principal, address }: Shopper,
  orderId: string,
  { paymentMethod, key }: { paymentMethod: string; key: string },
): Promise<Order> => {
  const pay = async (): Promise<Order> => {
    const requested = { orderId, paymentMethod, idempotencyKey: key };
    const answer = await orders.confirmPayment(requested, callHeaders(principal));
    return paymentMethod === '' ? existing(answer.order) : accepted(access, answer);
  };
  const { storeId } = principal;
  const settled = async (order: Order): Promise<Order> => {
    if (paidOf(order).state === 'made') await attempts.paid(storeId, orderId);
    return order;
  };
  if (paymentMethod === '') return settled(await pay());
  const own = key === '' ? crypto.randomUUID() : key;
  const attempt = { storeId, key: own, card: paymentMethod, address, account: orderId };
  return settled(await attempts.pay(attempt, pay, paidOf));
};

export const findOrder = async (
  { orders }: OrderDeps,
  { principal }: Shopper,
  orderId: string,
): Promise<Order> => existing((await orders.getOrder({ orderId }, callHeaders(principal))).order);

/** The whole timeline, oldest first. */
export const listEvents = async (
  { orders }: OrderDeps,
  { principal }: Shopper,
  orderId: string,
): Promise<OrderEvent[]> => {
  const requested = { orderId, afterSequence: 0 };
  return (await orders.listOrderEvents(requested, callHeaders(principal))).events;
};

/** Possible until packing has begun: ILLEGAL_TRANSITION after. */
export const cancelOrder = async (
  { orders }: OrderDeps,
  { principal }: Shopper,
  orderId: string,
): Promise<Order> =>
  existing((await orders.cancelOrder({ orderId }, callHeaders(principal))).order);

/** Without a key of the caller's the same lines and reason are the same return. RETURN_REFUSED. */
export const requestReturn = async (
  { orders }: OrderDeps,
  { principal }: Shopper,
  orderId: string,
  { body, key }: { body: z.output<typeof returnBody>; key: string | undefined },
): Promise<Return> => {
  const own = createHash('sha256').update(JSON.stringify(body)).digest('hex');
  const requested = { orderId, idempotencyKey: key ?? own, ...body };
  return existing((await orders.requestReturn(requested, callHeaders(principal))).return);
};
