// Orders as they cross the RPC door, both ways.
import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { OrderEvent } from '../../db/postgres/orders/events.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import type { NextAction } from '../../domain/declines.ts';
import { isId } from '../../domain/ids.ts';
import type { Currency } from '../../domain/money.ts';
import { LINES_MAX, QUANTITY_MAX, type Address } from '../../domain/order.ts';
import type { Refund } from '../../db/postgres/orders/refunds.ts';
import type { Return, ReturnRequest } from '../../db/postgres/orders/returns.ts';
import { RETURN_REASON_LENGTH_MAX } from '../../domain/returns.ts';
import { SKU_PATTERN } from '../../domain/product.ts';
import {
  OrderEventSchema,
  OrderSchema,
  ReturnSchema,
  type Address as WireAddress,
  type PlaceOrderRequest,
  type RequestReturnRequest,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { Checkout } from './place.ts';

const KEY = /^[\x21-\x7e]{16,128}$/;
const PAYMENT_METHOD = /^pm_[A-Za-z0-9_]{1,100}$/;
const EMAIL = /^[^\s@<>,;"]{1,64}@[A-Za-z0-9.-]{1,190}$/;
const COUNTRY = /^[A-Z]{2}$/;
const TEXT_MAX = 200;

const text = (path: string, value: string, isNeeded = true): string => {
  const trimmed = value.trim();
  if (isNeeded && trimmed === '') throw invalid(path, 'is missing');
  if (trimmed.length > TEXT_MAX) throw invalid(path, `is longer than ${TEXT_MAX} characters`);
  return trimmed;
};

const matching = (path: string, value: string, pattern: RegExp, message: string): string => {
  if (!pattern.test(value)) throw invalid(path, message);
  return value;
};

/** INVALID_INPUT with the wrong part. */
export const addressOf = (address: WireAddress | undefined): Address => {
  if (!address) throw invalid('shippingAddress', 'is missing');
  const at = (name: string): string => `shippingAddress.${name}`;
  const line2 = text(at('line2'), address.line2, false);
  const region = text(at('region'), address.region, false);
  return {
    name: text(at('name'), address.name),
    line1: text(at('line1'), address.line1),
    city: text(at('city'), address.city),
    postalCode: text(at('postalCode'), address.postalCode),
    country: matching(at('country'), address.country, COUNTRY, 'is not an ISO 3166 code'),
    ...(line2 && { line2 }),
    ...(region && { region }),
  };
};

const linesOf = (lines: { sku: string; quantity: number }[]): Checkout['lines'] => {
  if (lines.length === 0) throw invalid('lines', 'are missing');
  if (lines.length > LINES_MAX) throw invalid('lines', `are more than ${LINES_MAX}`);
  return lines.map(({ sku, quantity }, at) => {
    matching(`lines.${at}.sku`, sku, SKU_PATTERN, 'is not a sku');
    if (quantity < 1 || quantity > QUANTITY_MAX) {
      throw invalid(`lines.${at}.quantity`, `must be 1 to ${QUANTITY_MAX}`);
    }
    return { sku, quantity };
  });
};

const cardIn = (id: string): string =>
  matching('paymentMethod', id, PAYMENT_METHOD, 'is not a payment method id (pm_…)');

/** Another card, or '' when none is brought. INVALID_INPUT. */
export const cardOf = (id: string): string => (id === '' ? '' : cardIn(id));

/** A checkout from the wire, every field checked. INVALID_INPUT, IDEMPOTENCY_KEY_MISSING. */
export const checkoutOf = (storeId: string, request: PlaceOrderRequest): Checkout => {
  if (!KEY.test(request.idempotencyKey)) {
    throw new DomainError(
      'IDEMPOTENCY_KEY_MISSING',
      'send an Idempotency-Key of 16 to 128 printable ASCII characters',
    );
  }
  const { expectedTotalMinor } = request;
  return {
    storeId,
    principal: text('principal', request.principal),
    key: request.idempotencyKey,
    lines: linesOf(request.lines),
    email: matching('email', request.email, EMAIL, 'is not an e-mail address'),
    shippingAddress: addressOf(request.shippingAddress),
    paymentMethod: cardIn(request.paymentMethod),
    expectedTotalMinor: expectedTotalMinor === undefined ? undefined : Number(expectedTotalMinor),
  };
};

/** NOT_FOUND for an id no order can have. */
export const orderIdOf = (id: string): string => {
  if (!isId('order', id)) throw new DomainError('NOT_FOUND', 'no such order');
  return id;
};

/** NOT_FOUND for an id no return can have. */
export const returnIdOf = (id: string): string => {
  if (!isId('return', id)) throw new DomainError('NOT_FOUND', 'no such return');
  return id;
};

/** INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_KEY_MISSING. */
export const returnRequestOf = (storeId: string, request: RequestReturnRequest): ReturnRequest => {
  const { idempotencyKey: key, orderId, reason, lines } = request;
  if (!KEY.test(key)) throw new DomainError('IDEMPOTENCY_KEY_MISSING', 'a return needs a key');
  if (reason.length > RETURN_REASON_LENGTH_MAX) throw invalid('reason', 'is too long');
  return { storeId, orderId: orderIdOf(orderId), key, lines: linesOf(lines), reason };
};

export const wireReturn = (found: Return, currency: Currency) =>
  create(ReturnSchema, {
    id: found.id,
    orderId: found.orderId,
    state: found.state,
    lines: found.lines,
    reason: found.reason,
    refundMinor: BigInt(found.refundMinor),
    currency,
    trackingNumber: found.trackingNumber ?? '',
    note: found.note ?? '',
    createdAt: timestampFromDate(found.createdAt),
    updatedAt: timestampFromDate(found.updatedAt),
  });

const wireRefund = ({ id, amountMinor, state, reason }: Refund) => ({
  id,
  amountMinor: BigInt(amountMinor),
  state,
  reason,
});

const wireAttention = ({ reason, since }: NonNullable<Order['attention']>) => ({
  reason,
  since: timestampFromDate(since),
});

const wireNextAction = ({ kind, message, at = '', until = '' }: NextAction) => ({
  kind,
  message,
  at,
  until,
});

const wireAddress = ({ line2 = '', region = '', ...address }: Address) => ({
  ...address,
  line2,
  region,
});

const wirePayment = (order: Order, refunds: Refund[]) => ({
  status: order.paymentStatus,
  clientSecret: order.clientSecret ?? '',
  refundedMinor: BigInt(order.refundedMinor),
  refunds: refunds.map(wireRefund),
});

export const wireOrder = (order: Order, refunds: Refund[] = []) =>
  create(OrderSchema, {
    id: order.id,
    storeId: order.storeId,
    status: order.status,
    totalMinor: BigInt(order.totalMinor),
    currency: order.currency,
    lines: order.lines.map(({ unitMinor, ...line }) => ({
      ...line,
      unitMinor: BigInt(unitMinor),
    })),
    payment: wirePayment(order, refunds),
    ...(order.nextAction && { nextAction: wireNextAction(order.nextAction) }),
    ...(order.attention && { attention: wireAttention(order.attention) }),
    shippingAddress: wireAddress(order.shippingAddress),
    createdAt: timestampFromDate(order.createdAt),
    updatedAt: timestampFromDate(order.updatedAt),
    trackingNumber: order.trackingNumber ?? '',
    endCode: order.endReason?.code ?? '',
    endMessage: order.endReason?.message ?? '',
  });

export const wireEvent = ({ sequence, type, createdAt, data }: OrderEvent) =>
  create(OrderEventSchema, {
    sequence,
    type,
    at: timestampFromDate(createdAt),
    dataJson: JSON.stringify(data),
  });
