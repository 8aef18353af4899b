// Orders as shoppers send and see them over HTTP.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import {
  currencyOf,
  DEFAULT_CURRENCY,
  minorFromNumber,
  numberFromMinor,
  type Currency,
} from '../../domain/money.ts';
import type { AttentionReason } from '../../domain/attention.ts';
import {
  LINES_MAX,
  QUANTITY_MAX,
  type OrderStatus,
  type PaymentStatus,
} from '../../domain/order.ts';
import { SKU_LENGTH_MAX, SKU_PATTERN } from '../../domain/product.ts';
import { addressShape } from '../../domain/address.ts';
import { RETURN_REASON_LENGTH_MAX, type ReturnState } from '../../domain/returns.ts';
import type { OrderResponse, RefundState, ReturnResponse } from './responses.ts';
import type {
  Attention,
  NextAction,
  Order,
  OrderEvent,
  Payment,
  Return,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';

const TEXT_MAX = 200;
const PAYMENT_METHOD_LENGTH_MAX = 103;

export const skuText = z.string().regex(SKU_PATTERN, 'is not a sku').max(SKU_LENGTH_MAX);
const paymentMethod = z
  .string()
  .regex(/^pm_[A-Za-z0-9_]{1,100}$/, 'is not a payment method id (pm_…)')
  .max(PAYMENT_METHOD_LENGTH_MAX);
const keyText = z
  .string()
  .regex(/^[!-~]{16,128}$/)
  .max(128)
  .describe('The same key and body are the same call.');
/** Without one there is no order; elsewhere it is as good as none. */
export const NEEDS_KEY = { 'Idempotency-Key': keyText };
export const TAKES_KEY = { 'Idempotency-Key': keyText.optional() };

const orderLines = z
  .array(
    z.strictObject({
      sku: skuText,
      quantity: z.number().int().min(1).max(QUANTITY_MAX),
    }),
  )
  .min(1)
  .max(LINES_MAX);

export const orderBody = z.strictObject({
  lines: orderLines,
  /** Whoever is signed in may leave it out. */
  email: z.email().max(TEXT_MAX).optional(),
  shippingAddress: addressShape,
  paymentMethod,
  expectedTotal: z.number().min(0).optional(),
});
export const paymentBody = z.strictObject({
  paymentMethod: paymentMethod.optional(),
});
export const addressBody = z.strictObject({ shippingAddress: addressShape });
export const returnBody = z.strictObject({
  lines: orderLines,
  reason: z.string().trim().max(RETURN_REASON_LENGTH_MAX).default(''),
});
export const emptyBody = z.strictObject({});
export const stockBody = z.strictObject({
  sku: skuText.optional(),
  quantity: z.number().int().min(0).max(1_000_000_000),
});

export const wireAddress = ({ line2 = '', region = '', ...to }: z.output<typeof addressShape>) => ({
  ...to,
  line2,
  region,
});

/** A checkout as Orders takes it; an expected total is in USD unless the currency is known. */
export const wireCheckout = (
  body: z.output<typeof orderBody> & { email: string; currency?: Currency | undefined },
  idempotencyKey: string,
  principal: string,
) => {
  const { shippingAddress, expectedTotal, currency = DEFAULT_CURRENCY, ...rest } = body;
  return {
    ...rest,
    idempotencyKey,
    principal,
    shippingAddress: wireAddress(shippingAddress),
    ...(expectedTotal !== undefined && {
      expectedTotalMinor: BigInt(minorFromNumber(expectedTotal, currency, 'expectedTotal')),
    }),
  };
};

export const toNextActionResponse = ({
  kind,
  message,
  at,
  until,
}: NextAction): OrderResponse['nextAction'] => ({
  kind: kind as 'authenticate',
  message,
  ...(at && { at }),
  ...(until && { until }),
});

const toPaymentResponse = (
  payment: Payment | undefined,
  currency: Currency,
): OrderResponse['payment'] => ({
  status: (payment?.status ?? 'none') as PaymentStatus,
  ...(payment?.clientSecret && { clientSecret: payment.clientSecret }),
  ...(payment && payment.refundedMinor > 0 && { refunded: money(payment.refundedMinor, currency) }),
  ...(payment &&
    payment.refunds.length > 0 && {
      refunds: payment.refunds.map(({ id, amountMinor, state, reason }) => ({
        id,
        amount: money(amountMinor, currency),
        status: state as RefundState,
        reason,
      })),
    }),
});

const money = (amountMinor: bigint, currency: Currency): number =>
  numberFromMinor(Number(amountMinor), currency);

const timesOf = ({ createdAt, updatedAt }: Pick<Order, 'createdAt' | 'updatedAt'>) => ({
  ...(createdAt && { createdAt: timestampDate(createdAt).toISOString() }),
  ...(updatedAt && { updatedAt: timestampDate(updatedAt).toISOString() }),
});

const toAttentionResponse = ({ reason, since }: Attention): OrderResponse['attention'] => ({
  reason: reason as AttentionReason,
  since: since ? timestampDate(since).toISOString() : '',
});

/** An order as its shopper sees it; in a list without its token. */
export const toOrderResponse = (order: Order, accessToken?: string): OrderResponse => {
  const currency = currencyOf(order.currency);
  const { payment, endCode, endMessage, trackingNumber, nextAction, attention } = order;
  return {
    id: order.id,
    status: order.status as OrderStatus,
    total: money(order.totalMinor, currency),
    currency,
    lines: order.lines.map(({ sku, quantity, productId, name, unitMinor }) => ({
      sku,
      quantity,
      productId,
      name,
      unitPrice: money(unitMinor, currency),
    })),
    payment: toPaymentResponse(payment, currency),
    ...(nextAction && { nextAction: toNextActionResponse(nextAction) }),
    ...(attention && { attention: toAttentionResponse(attention) }),
    ...(trackingNumber && { trackingNumber }),
    ...(endCode && { reason: { code: endCode, message: endMessage } }),
    ...timesOf(order),
    ...(order.asOf && { asOf: order.asOf }),
    ...(accessToken !== undefined && { accessToken }),
  };
};

export const toEventResponse = ({ sequence, type, at, dataJson }: OrderEvent) => ({
  sequence,
  type,
  at: at ? timestampDate(at).toISOString() : '',
  data: JSON.parse(dataJson || '{}') as Record<string, unknown>,
});

/** A return as its shopper sees it. */
export const toReturnResponse = (found: Return): ReturnResponse => ({
  id: found.id,
  orderId: found.orderId,
  status: found.state as ReturnState,
  lines: found.lines.map(({ sku, quantity }) => ({ sku, quantity })),
  reason: found.reason,
  refund: money(found.refundMinor, currencyOf(found.currency)),
  currency: currencyOf(found.currency),
  ...(found.trackingNumber && { trackingNumber: found.trackingNumber }),
  ...(found.note && { note: found.note }),
  ...timesOf(found),
});
