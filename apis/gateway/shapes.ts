// Orders as shoppers send and see them over HTTP.
import { createHash } from 'node:crypto';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { z } from 'zod';
import {
  currencyOf,
  DEFAULT_CURRENCY,
  minorFromNumber,
  numberFromMinor,
} from '../../domain/money.ts';
import { LINES_MAX, QUANTITY_MAX } from '../../domain/order.ts';
import { SKU_PATTERN } from '../../domain/product.ts';
import type { Order, OrderEvent } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';

const TEXT_MAX = 200;
const text = z.string().trim().min(1).max(TEXT_MAX);

const address = z.strictObject({
  name: text,
  line1: text,
  line2: text.optional(),
  city: text,
  region: text.optional(),
  postalCode: text,
  country: z.string().regex(/^[A-Z]{2}$/, 'is not an ISO 3166 code'),
});

export const orderBody = z.strictObject({
  lines: z
    .array(
      z.strictObject({
        sku: z.string().regex(SKU_PATTERN),
        quantity: z.number().int().min(1).max(QUANTITY_MAX),
      }),
    )
    .min(1)
    .max(LINES_MAX),
  email: z.email().max(TEXT_MAX),
  shippingAddress: address,
  paymentMethod: z.string().regex(/^pm_[A-Za-z0-9_]{1,100}$/, 'is not a payment method id (pm_…)'),
  expectedTotal: z.number().min(0).optional(),
});
export const paymentBody = z.strictObject({
  paymentMethod: z
    .string()
    .regex(/^pm_[A-Za-z0-9_]{1,100}$/)
    .optional(),
});
export const emptyBody = z.strictObject({});
export const stockBody = z.strictObject({
  sku: z.string().regex(SKU_PATTERN).optional(),
  quantity: z.number().int().min(0).max(1_000_000_000),
});

/** A guest's idempotency keys belong to the e-mail; its hash is all that is kept beside them. */
const guestPrincipal = (email: string): string =>
  `guest/${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;

/** A checkout as Orders takes it. Until stores have currencies, an expected total is in USD. */
export const wireCheckout = (body: z.output<typeof orderBody>, idempotencyKey: string) => {
  const { shippingAddress, expectedTotal, ...rest } = body;
  const { line2 = '', region = '', ...address } = shippingAddress;
  return {
    ...rest,
    idempotencyKey,
    principal: guestPrincipal(body.email),
    shippingAddress: { ...address, line2, region },
    ...(expectedTotal !== undefined && {
      expectedTotalMinor: BigInt(minorFromNumber(expectedTotal, DEFAULT_CURRENCY, 'expectedTotal')),
    }),
  };
};

/** An order as its shopper sees it. */
export const shownOrder = (order: Order, accessToken: string) => {
  const currency = currencyOf(order.currency);
  const { payment, endCode, endMessage, trackingNumber } = order;
  return {
    id: order.id,
    status: order.status,
    total: numberFromMinor(Number(order.totalMinor), currency),
    currency,
    lines: order.lines.map(({ sku, quantity, productId, name, unitMinor }) => ({
      sku,
      quantity,
      productId,
      name,
      unitPrice: numberFromMinor(Number(unitMinor), currency),
    })),
    payment: {
      status: payment?.status ?? 'none',
      ...(payment?.clientSecret && { clientSecret: payment.clientSecret }),
    },
    ...(trackingNumber && { trackingNumber }),
    ...(endCode && { reason: { code: endCode, message: endMessage } }),
    ...(order.createdAt && { createdAt: timestampDate(order.createdAt).toISOString() }),
    ...(order.updatedAt && { updatedAt: timestampDate(order.updatedAt).toISOString() }),
    accessToken,
  };
};

export const shownEvent = ({ sequence, type, at, dataJson }: OrderEvent) => ({
  sequence,
  type,
  at: at ? timestampDate(at).toISOString() : '',
  data: JSON.parse(dataJson || '{}') as Record<string, unknown>,
});
