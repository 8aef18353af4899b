// Orders as shoppers send and see them over HTTP.
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import { emailInput } from '../../domain/addresses/email.ts';
import { addressShape } from '../../domain/addresses/postal.ts';
import { currencyOf, numberFromMinor, type Currency } from '../../domain/money.ts';
import {
  LINES_MAX,
  NOTE_LENGTH_MAX,
  QUANTITY_MAX,
  type OrderStatus as OrderStatusText,
} from '../../domain/order.ts';
import { RETURN_REASON_LENGTH_MAX } from '../../domain/returns.ts';
import { enumName, enumText } from '../../proto/fill.ts';
import {
  AttentionReason,
  NextActionKind,
  OrderStatus,
  ParcelStatus,
  PaymentStatus,
  RefundState,
  RepairAction,
  type Attention,
  type NextAction,
  type Order,
  type OrderFacts,
  type Parcel,
} from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import {
  ReturnState,
  type OrderEvent,
  type Return,
} from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { skuText } from '../http/openapi/texts.ts';
import type { OrderResponse, ReturnResponse } from './responses.ts';

const PAYMENT_METHOD_LENGTH_MAX = 103;

const paymentMethod = z
  .string()
  .regex(/^pm_[A-Za-z0-9_]{1,100}$/, 'is not a payment method id (pm_…)')
  .max(PAYMENT_METHOD_LENGTH_MAX)
  .describe(
    'An id of the card provider (pm_…), never a card number; needed unless the total is 0.',
  );
const orderLines = z
  .array(
    z
      .strictObject({
        sku: skuText,
        quantity: z.number().int().min(1).max(QUANTITY_MAX),
      })
      .meta({ title: 'Line' }),
  )
  .min(1)
  .max(LINES_MAX);

export const orderBody = z.strictObject({
  lines: orderLines,
  email: emailInput.optional().describe("An account's own when it is left out."),
  shippingAddress: addressShape,
  paymentMethod: paymentMethod.optional(),
  keepOnDecline: z
    .boolean()
    .default(false)
    .describe('A declined card does not end the order: it waits 3 minutes for one of 2 others.'),
  expectedTotal: z
    .number()
    .min(0)
    .optional()
    .describe("What the shopper was shown, in the order's currency; 409 when it has changed."),
  note: z
    .string()
    .trim()
    .max(NOTE_LENGTH_MAX)
    .default('')
    .describe('For the people who handle the order; other systems never see it.'),
});
export const paymentBody = z.strictObject({
  paymentMethod: paymentMethod.optional(),
});
export const addressBody = z.strictObject({ shippingAddress: addressShape });
export const returnBody = z.strictObject({
  lines: orderLines,
  reason: z.string().trim().max(RETURN_REASON_LENGTH_MAX).default(''),
});
/** `{}`, or no body at all. */
export const emptyBody = z.strictObject({}).default({});
export const stockBody = z.strictObject({
  sku: skuText.optional(),
  quantity: z.number().int().min(0).max(1_000_000_000),
});

/** Absent texts are empty for Orders. */
export const wireAddress = (to: z.output<typeof addressShape>) => ({
  ...to,
  line2: to.line2 ?? '',
  region: to.region ?? '',
  postalCode: to.postalCode ?? '',
});

/** A checkout as Orders takes it, which reads an expected total in the order's currency. */
export const wireCheckout = (
  body: z.output<typeof orderBody> & { email: string; currency?: Currency | undefined },
  idempotencyKey: string,
  principal: string,
) => {
  const { shippingAddress, expectedTotal, currency = '', ...rest } = body;
  return {
    ...rest,
    expectedCurrency: currency,
    paymentMethod: body.paymentMethod ?? '',
    idempotencyKey,
    principal,
    shippingAddress: wireAddress(shippingAddress),
    ...(expectedTotal !== undefined && { expectedTotal }),
  };
};

const money = (amountMinor: bigint, currency: Currency): number =>
  numberFromMinor(Number(amountMinor), currency);

const isoOf = (at: Timestamp): string => timestampDate(at).toISOString();

export const toNextActionResponse = ({ kind, message, at, until }: NextAction) => ({
  kind: enumText(NextActionKind, kind),
  message,
  ...(at && { at }),
  ...(until && { until }),
});

const toPaymentResponse = (
  facts: OrderFacts,
  clientSecret: string | undefined,
  currency: Currency,
): OrderResponse['payment'] => ({
  status: enumText(PaymentStatus, facts.paymentStatus),
  ...(clientSecret && { clientSecret }),
  ...(facts.refundedMinor > 0 && { refunded: money(facts.refundedMinor, currency) }),
  ...(facts.refunds.length > 0 && {
    refunds: facts.refunds.map(({ id, amountMinor, state, reason }) => ({
      id,
      amount: money(amountMinor, currency),
      status: enumText(RefundState, state),
      reason,
    })),
  }),
});

const timesOf = ({ createdAt, updatedAt }: Pick<OrderFacts, 'createdAt' | 'updatedAt'>) => ({
  ...(createdAt && { createdAt: isoOf(createdAt) }),
  ...(updatedAt && { updatedAt: isoOf(updatedAt) }),
});

const toAttentionResponse = ({ reason, since }: Attention) => ({
  reason: enumName(AttentionReason, reason),
  since: since ? isoOf(since) : '',
});

const toWaitingStepResponse = (attention: Attention) => ({
  id: attention.id,
  step: attention.step,
  ...toAttentionResponse(attention),
  actions: attention.actions.map((action) => enumText(RepairAction, action)),
});

const toParcelResponse = ({ location, status, trackingNumber, lines }: Parcel) => ({
  location,
  status: enumText(ParcelStatus, status),
  trackingNumber,
  lines: lines.map(({ sku, quantity }) => ({ sku, quantity })),
});

/** The facts of an order: Orders never answers without them. */
export const factsOf = ({ facts }: Order): OrderFacts => {
  if (!facts) throw new Error('Orders answered an order without its facts');
  return facts;
};

export const idOf = (order: Order): string => factsOf(order).id;

export const statusOf = (order: Order): OrderStatusText =>
  enumText(OrderStatus, factsOf(order).status);

/** An order as its shopper sees it; in a list without its token. */
export const toOrderResponse = (order: Order, accessToken?: string): OrderResponse => {
  const facts = factsOf(order);
  const { attention, attentions, endReason, parcels, trackingNumber } = facts;
  const { clientSecret, nextAction } = order.private ?? {};
  const currency = currencyOf(facts.currency);
  return {
    id: facts.id,
    status: statusOf(order),
    total: money(facts.totalMinor, currency),
    currency,
    lines: facts.lines.map(({ sku, quantity, productId, name, unitMinor }) => ({
      sku,
      quantity,
      productId,
      name,
      unitPrice: money(unitMinor, currency),
    })),
    payment: toPaymentResponse(facts, clientSecret, currency),
    ...(nextAction && { nextAction: toNextActionResponse(nextAction) }),
    ...(attention && { attention: toAttentionResponse(attention) }),
    ...(attentions.length > 0 && { attentions: attentions.map(toWaitingStepResponse) }),
    ...(parcels.length > 0 && { parcels: parcels.map(toParcelResponse) }),
    ...(trackingNumber && { trackingNumber }),
    ...(endReason && { reason: { code: endReason.code, message: endReason.message } }),
    ...timesOf(facts),
    ...(order.asOf && { asOf: isoOf(order.asOf) }),
    ...(accessToken !== undefined && { accessToken }),
  };
};

export const toEventResponse = ({ sequence, type, at, dataJson }: OrderEvent) => ({
  sequence,
  type,
  at: at ? isoOf(at) : '',
  data: JSON.parse(dataJson || '{}') as Record<string, unknown>,
});

export type EventResponse = ReturnType<typeof toEventResponse>;

/** A return as its shopper sees it. */
export const toReturnResponse = (found: Return): ReturnResponse => {
  const currency = currencyOf(found.currency);
  return {
    id: found.id,
    orderId: found.orderId,
    status: enumText(ReturnState, found.state),
    lines: found.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    reason: found.reason,
    refund: money(found.refundMinor, currency),
    currency,
    ...(found.trackingNumber && { trackingNumber: found.trackingNumber }),
    ...(found.accepted.length > 0 && {
      accepted: found.accepted.map(({ sku, quantity }) => ({ sku, quantity })),
    }),
    ...(found.note && { note: found.note }),
    ...timesOf(found),
  };
};
