// Converts between Orders' RPC messages and domain values.
import type { OrderEvent } from '../../db/postgres/orders/events.ts';
import type { OrderWithFacts } from '../../db/postgres/orders/facts.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import type { Return, ReturnRequest } from '../../db/postgres/orders/returns.ts';
import { addressFrom } from '../../domain/addresses/postal.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import type { Currency } from '../../domain/money.ts';
import type { Address } from '../../domain/order.ts';
import type { ReturnSettings } from '../../domain/returns.ts';
import { DEFAULT_LOCATION } from '../../domain/stock.ts';
import { messageOf, type Fillings } from '../../proto/fill.ts';
import { OrderSchema, type OrderPrivate } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import {
  OrderEventSchema,
  ReturnSchema,
  type AddressRequest,
  type LineRequest,
  type PlaceOrderRequest,
  type RequestReturnRequest,
  type ReturnSettings as WireReturnSettings,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { checkedKey, ORDER_KEY_LENGTH_MIN } from '../http/idempotency-keys.ts';
import type { Checkout } from './place.ts';

/** An address from a message, where an absent text is empty. INVALID_INPUT. */
export const addressOf = (
  address: AddressRequest | undefined,
  path = 'shippingAddress',
): Address => {
  if (!address) throw invalid(path, 'is missing');
  const { $typeName: _, $unknown: __, ...texts } = address;
  return addressFrom(texts, path);
};

const keyOf = (key: string): string => {
  if (key === '') throw new DomainError('IDEMPOTENCY_KEY_MISSING', 'send an Idempotency-Key');
  return checkedKey(key, ORDER_KEY_LENGTH_MIN);
};

const linesOf = (lines: LineRequest[]): Checkout['lines'] =>
  lines.map(({ sku, quantity }) => ({ sku, quantity }));

/** A checkout from a message whose rules are checked. IDEMPOTENCY_KEY_MISSING, INVALID_INPUT. */
export const checkoutOf = (storeId: string, request: PlaceOrderRequest): Checkout => {
  const { $typeName: _, $unknown: __, idempotencyKey, ...sent } = request;
  const { expectedTotal, expectedTotalMinor, expectedCurrency, ...given } = sent;
  return {
    ...given,
    storeId,
    key: keyOf(idempotencyKey),
    lines: linesOf(request.lines),
    shippingAddress: addressOf(request.shippingAddress),
    expected: {
      total: expectedTotal,
      totalMinor: expectedTotalMinor === undefined ? undefined : Number(expectedTotalMinor),
      currency: expectedCurrency,
    },
  };
};

/** NOT_FOUND for a malformed order id. */
export const orderIdOf = (id: string): string => {
  if (!isId('order', id)) throw new DomainError('NOT_FOUND', 'no such order');
  return id;
};

/** NOT_FOUND for a malformed return id. */
export const returnIdOf = (id: string): string => {
  if (!isId('return', id)) throw new DomainError('NOT_FOUND', 'no such return');
  return id;
};

/** NOT_FOUND, IDEMPOTENCY_KEY_MISSING. */
export const returnRequestOf = (storeId: string, request: RequestReturnRequest): ReturnRequest => {
  const { idempotencyKey, orderId, reason, lines } = request;
  return {
    storeId,
    orderId: orderIdOf(orderId),
    key: keyOf(idempotencyKey),
    lines: linesOf(lines),
    reason,
  };
};

export const wireReturn = (found: Return, currency: Currency) =>
  messageOf(ReturnSchema, { ...found, accepted: found.accepted ?? [], currency });

/** A store's rules from a message, where an empty location is the default one. */
export const returnSettingsOf = (settings: WireReturnSettings | undefined): ReturnSettings => {
  const { address, location = '', inspects = false } = settings ?? {};
  return {
    ...(address && { address: addressOf(address, 'address') }),
    location: location || DEFAULT_LOCATION,
    inspects,
  };
};

export const wireReturnSettings = ({ address, ...settings }: ReturnSettings) => ({
  ...settings,
  ...(address && {
    address: {
      ...address,
      line2: address.line2 ?? '',
      region: address.region ?? '',
      postalCode: address.postalCode ?? '',
    },
  }),
});

const privateOf = (order: Order): Fillings<OrderPrivate> => {
  const { shippingAddress, nextAction } = order;
  return {
    ...order,
    shippingAddress: {
      line2: undefined,
      region: undefined,
      postalCode: undefined,
      ...shippingAddress,
    },
    nextAction: nextAction && { at: undefined, until: undefined, ...nextAction },
  };
};

export const wireOrder = (order: OrderWithFacts) =>
  messageOf(OrderSchema, { facts: order, private: privateOf(order), asOf: undefined });

export const wireEvent = ({ data, createdAt, ...event }: OrderEvent) =>
  messageOf(OrderEventSchema, { ...event, at: createdAt, dataJson: JSON.stringify(data) });
