// Response schemas of orders, returns and stock.
import { z } from 'zod';
import { ATTENTION_REASONS, REPAIR_ACTIONS } from '../../domain/attention.ts';
import { NEXT_ACTION_KINDS } from '../../domain/declines.ts';
import { LINES_MAX, ORDER_STATUSES, PAYMENT_STATUSES, REFUND_STATES } from '../../domain/order.ts';
import { PARCEL_STATUSES } from '../../domain/parcels.ts';
import { NAME_LENGTH_MAX, VARIANTS_MAX } from '../../domain/product.ts';
import { RETURN_REASON_LENGTH_MAX, RETURN_STATES } from '../../domain/returns.ts';
import { LIMIT_MAX } from '../http/cursors.ts';
import {
  codeText,
  currencyText,
  cursorText,
  idText,
  moment,
  skuText,
  words,
} from '../http/openapi/texts.ts';

const SENTENCE_MAX = 500;
const TRACKING_LENGTH_MAX = 100;
const REFUNDS_MAX = 1_000;
const REFUND_ID_LENGTH_MAX = 100;
export const EVENTS_MAX = 10_000;
export const RETURNS_MAX = 1_000;
const PARCELS_MAX = 100;
const ATTENTIONS_MAX = 100;

const money = z.number().min(0);
const units = (title: string) =>
  z.object({ sku: skuText, quantity: z.number().int() }).meta({ title });
const tracking = words(TRACKING_LENGTH_MAX).optional();

const refund = z
  .object({
    id: words(REFUND_ID_LENGTH_MAX).describe('Of what it was granted for: a return, an action.'),
    amount: money,
    status: z.enum(REFUND_STATES),
    reason: words(SENTENCE_MAX),
  })
  .meta({ title: 'Refund' });

const payment = z
  .object({
    status: z.enum(PAYMENT_STATUSES),
    clientSecret: words(SENTENCE_MAX).optional().describe('While the shopper has to act.'),
    refunded: money.optional(),
    refunds: z.array(refund).max(REFUNDS_MAX).optional(),
  })
  .meta({ title: 'OrderPayment' });

const nextAction = z
  .object({
    kind: z.enum(NEXT_ACTION_KINDS),
    message: words(SENTENCE_MAX),
    at: moment.optional().describe('When the same card is tried again.'),
    until: moment.optional().describe('Until when the order waits.'),
  })
  .meta({ title: 'NextAction' });

const parcel = z
  .object({
    location: words(TRACKING_LENGTH_MAX),
    status: z.enum(PARCEL_STATUSES),
    trackingNumber: words(TRACKING_LENGTH_MAX),
    lines: z.array(units('ParcelLine')).max(LINES_MAX),
  })
  .meta({ title: 'Parcel' });

const orderLine = z
  .object({
    sku: skuText,
    quantity: z.number().int(),
    productId: idText('product'),
    name: words(NAME_LENGTH_MAX),
    unitPrice: money,
  })
  .meta({ title: 'OrderLine' });

export const orderResponse = z.object({
  id: idText('order'),
  status: z.enum(ORDER_STATUSES),
  total: money,
  currency: currencyText,
  lines: z.array(orderLine).max(LINES_MAX),
  payment,
  nextAction: nextAction.optional(),
  attention: z
    .object({ reason: z.enum(ATTENTION_REASONS), since: moment })
    .meta({ title: 'Attention' })
    .optional()
    .describe('While a person is needed: the oldest of the attentions.'),
  attentions: z
    .array(
      z
        .object({
          id: idText('attention'),
          step: words(SENTENCE_MAX),
          reason: z.enum(ATTENTION_REASONS),
          since: moment,
          actions: z.array(z.enum(REPAIR_ACTIONS)).max(REPAIR_ACTIONS.length),
        })
        .meta({ title: 'WaitingStep' }),
    )
    .max(ATTENTIONS_MAX)
    .optional()
    .describe('One for each step that waits for a person, oldest first.'),
  parcels: z.array(parcel).max(PARCELS_MAX).optional().describe('What is sent, by location.'),
  trackingNumber: tracking,
  reason: z
    .object({ code: codeText, message: words(SENTENCE_MAX) })
    .meta({ title: 'EndReason' })
    .optional()
    .describe('Why it ended without a parcel.'),
  createdAt: moment.optional(),
  updatedAt: moment.optional(),
  asOf: moment
    .optional()
    .describe('The time of its newest change, where it comes from the read model.'),
  accessToken: z
    .string()
    .regex(/^hfo_[\w-]+$/)
    .max(100)
    .optional()
    .describe('Shows that the order is yours.'),
});

export type OrderResponse = z.output<typeof orderResponse>;

export const ordersResponse = z.object({
  items: z.array(orderResponse.omit({ accessToken: true })).max(LIMIT_MAX),
  nextCursor: cursorText.nullable(),
});

export const eventResponse = z.object({
  sequence: z.number().int().min(1),
  type: z
    .string()
    .regex(/^[A-Z][A-Za-z]*$/)
    .max(60),
  at: moment,
  data: z.looseObject({}),
});
export const eventsResponse = z.object({ events: z.array(eventResponse).max(EVENTS_MAX) });

export const returnResponse = z.object({
  id: idText('return'),
  orderId: idText('order'),
  status: z.enum(RETURN_STATES),
  lines: z.array(units('ReturnLine')).max(LINES_MAX),
  reason: words(RETURN_REASON_LENGTH_MAX),
  refund: money,
  currency: currencyText,
  trackingNumber: tracking,
  accepted: z
    .array(units('AcceptedLine'))
    .max(LINES_MAX)
    .optional()
    .describe('What of it was accepted, once it is inspected.'),
  note: words(SENTENCE_MAX).optional(),
  createdAt: moment.optional(),
  updatedAt: moment.optional(),
});

export type ReturnResponse = z.output<typeof returnResponse>;

export const stockResponse = z.object({
  sku: skuText,
  onHand: z.number().int(),
  reserved: z.number().int(),
  available: z.number().int(),
});
export const stocksResponse = z.object({ stock: z.array(stockResponse).max(VARIANTS_MAX) });
