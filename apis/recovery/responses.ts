// Response schemas of Order Recovery, and the conversion of stored rows to them.
import { z } from 'zod';
import type { Order } from '../../db/postgres/orders/orders.ts';
import type { RecoveryAction } from '../../db/postgres/orders/recovery.ts';
import {
  ATTENTION_REASONS,
  AUDITED_ACTIONS,
  BREAK_KINDS,
  REPAIR_ACTIONS,
} from '../../domain/attention.ts';
import { EVIDENCE_LENGTH_MAX } from '../../domain/disputes/evidence.ts';
import { currencyOf, numberFromMinor } from '../../domain/money.ts';
import type { Dispute } from '../../db/postgres/orders/disputes.ts';
import { DISPUTE_STATES } from '../../domain/disputes/dispute.ts';
import {
  LINES_MAX,
  NOTE_LENGTH_MAX,
  ORDER_STATUSES,
  PAYMENT_STATUSES,
  REFUND_STATES,
} from '../../domain/order.ts';
import { PARCEL_STATUSES } from '../../domain/parcels.ts';
import { RETURN_STATES } from '../../domain/returns.ts';
import { LIMIT_MAX } from '../http/cursors.ts';
import { currencyText, cursorText, idText, moment, words } from '../http/openapi/texts.ts';
import { stuckBy } from './shapes.ts';

const TEXT_MAX = 500;
const ROWS_MAX = 10_000;
const ATTENTIONS_MAX = 100;

const text = words(TEXT_MAX);
const minor = z.number().int();
const evidence = z.record(z.string(), words(EVIDENCE_LENGTH_MAX));
const units = z.array(z.object({ sku: text, quantity: z.number().int() })).max(LINES_MAX);
const rows = <T extends z.ZodType>(row: T) => z.array(row).max(ROWS_MAX);
/** A view of a store, a workflow or the provider; `unavailable` where it cannot be read. */
const foreign = z.unknown();

export const stuckOrderResponse = z.object({
  id: idText('order'),
  storeId: idText('store'),
  status: z.enum(ORDER_STATUSES),
  reason: z.enum(ATTENTION_REASONS).optional(),
  since: moment.optional(),
  attentions: z
    .array(
      z.object({
        id: idText('attention'),
        step: text,
        reason: z.enum(ATTENTION_REASONS),
        since: moment,
        actions: z.array(z.enum(REPAIR_ACTIONS)).max(REPAIR_ACTIONS.length),
        detail: text.optional(),
      }),
    )
    .max(ATTENTIONS_MAX)
    .describe('One for each step that waits, oldest first.'),
  payment: z.object({ id: text.optional(), status: z.enum(PAYMENT_STATUSES) }),
  total: z.number(),
  currency: currencyText,
  lines: units,
  createdAt: moment,
  updatedAt: moment,
});
type StuckOrderResponse = z.output<typeof stuckOrderResponse>;

export const actionResponse = z.object({
  id: idText('action'),
  action: z.enum(AUDITED_ACTIONS),
  operator: text,
  orderId: idText('order'),
  outcome: text,
  message: text.optional(),
  body: z.record(z.string(), z.unknown()),
  createdAt: moment,
  doneAt: moment.optional(),
});
type ActionResponse = z.output<typeof actionResponse>;

export const actedResponse = z.object({ action: actionResponse, order: stuckOrderResponse });

const breakResponse = z.object({
  id: text,
  kind: z.enum(BREAK_KINDS),
  orderId: text.nullable(),
  facts: z.record(z.string(), z.unknown()),
  foundAt: moment,
  resolvedAt: moment.nullable(),
});
export const breaksResponse = z.object({ items: rows(breakResponse) });

export const returnRowResponse = z.object({
  id: text,
  storeId: text,
  orderId: text,
  key: text,
  lines: units,
  reason: text,
  refundMinor: minor,
  state: z.enum(RETURN_STATES),
  note: text.nullable(),
  accepted: units.nullable(),
  location: text.nullable(),
  sendUntil: moment.nullable(),
  shipmentId: text.nullable(),
  trackingNumber: text.nullable(),
  createdAt: moment,
  updatedAt: moment,
});
export const returnsResponse = z.object({
  items: z.array(returnRowResponse).max(LIMIT_MAX),
  nextCursor: cursorText.nullable(),
});
export const inspectedResponse = z.object({ action: actionResponse, return: returnRowResponse });

/** Everything known of one order; its nested rows are as stored. */
export const orderDetailsResponse = stuckOrderResponse.extend({
  nextAction: text.describe('The suggested action, as far as the record shows.'),
  note: words(NOTE_LENGTH_MAX).optional().describe('From the shopper.'),
  timeline: rows(
    z.object({
      sequence: z.number().int(),
      type: text,
      data: z.record(z.string(), z.unknown()),
      createdAt: moment,
    }),
  ),
  attempts: rows(z.object({ verb: text, generation: z.number().int(), createdAt: moment })),
  ledger: z.object({ heldMinor: minor }),
  refunds: rows(
    z.object({
      id: text,
      storeId: text,
      orderId: text,
      amountMinor: minor,
      currency: text,
      reason: text,
      state: z.enum(REFUND_STATES),
      providerRefundId: text.nullable(),
      replaces: text.nullable(),
      lookAt: moment.nullable(),
      looks: z.number().int(),
      createdAt: moment,
      updatedAt: moment,
    }),
  ),
  returns: rows(returnRowResponse),
  disputes: rows(
    z.object({
      id: text,
      storeId: text,
      orderId: text,
      amountMinor: minor,
      currency: text,
      reason: text,
      isInquiry: z.boolean(),
      state: z.enum(DISPUTE_STATES),
      evidence,
      dueAt: moment.nullable(),
      lookedAt: moment,
      createdAt: moment,
      updatedAt: moment,
    }),
  ),
  parcels: rows(
    z.object({
      orderId: text,
      location: text,
      lines: units,
      shipmentId: text,
      trackingNumber: text,
      status: z.enum(PARCEL_STATUSES),
      updatedAt: moment,
    }),
  ),
  workflow: foreign,
  hold: foreign,
  provider: foreign,
  breaks: rows(breakResponse),
  actions: rows(actionResponse),
});

export const disputeResponse = z.object({
  id: text,
  storeId: idText('store'),
  orderId: idText('order'),
  state: z.enum(DISPUTE_STATES),
  isInquiry: z.boolean().describe('The bank only asks: no money has moved.'),
  amount: z.number(),
  currency: currencyText,
  reason: text,
  evidence: evidence.describe('What is sent to the bank, or was.'),
  dueAt: moment.optional().describe("The provider's deadline of the evidence."),
  lookedAt: moment.describe('When it was last read at the provider.'),
  createdAt: moment,
  updatedAt: moment,
});

export const disputesResponse = z.object({
  items: z.array(disputeResponse).max(LIMIT_MAX),
  nextCursor: cursorText.nullable(),
});
export const decidedResponse = z.object({ action: actionResponse, dispute: disputeResponse });

const HOLDS_MAX = 100;
export const holdsResponse = z.object({
  sku: text,
  holds: z.number().int().describe('How many there are, those not listed among them.'),
  quantity: z.number().int().describe('Units of all of them.'),
  items: z
    .array(
      z.object({
        reservationId: text,
        quantity: z.number().int(),
        since: moment,
        until: moment,
        order: z
          .object({
            id: idText('order'),
            status: z.enum(ORDER_STATUSES),
            principal: text.describe('`account/<id>`, or `guest/<hash of the e-mail>`.'),
            email: text,
            waitsFor: text.optional().describe('What its shopper or bank must do.'),
          })
          .optional()
          .describe('Absent for a reservation that is not an order’s.'),
      }),
    )
    .max(HOLDS_MAX),
});

export const stuckOrdersResponse = z.object({
  items: z.array(stuckOrderResponse).max(LIMIT_MAX),
  nextCursor: cursorText.nullable(),
});

export const batchResponse = z.object({
  id: idText('action').optional().describe('Absent in a dry run.'),
  dryRun: z.literal(true).optional(),
  matches: z.number().int(),
  orders: rows(stuckOrderResponse).optional().describe('In a dry run.'),
});
export const batchActionsResponse = z.object({
  id: idText('action'),
  actions: rows(actionResponse),
});

const counts = z.record(z.string(), z.number().int());
const openWorkResponse = z.object({
  kind: z.enum(['order', 'refund', 'return', 'dispute']),
  state: text,
  count: z.number().int(),
  oldestId: text,
  oldestSeconds: z.number().int().describe('Without a change; of a refund, owed.'),
});
const FAILED_MAX = 100;
export const overviewResponse = z.object({
  open: rows(openWorkResponse).describe('What has not ended, by kind and state.'),
  failedWorkflows: z
    .array(z.object({ workflowId: text, closedAt: moment }))
    .max(FAILED_MAX)
    .optional()
    .describe('Not started again since; absent while Temporal cannot be asked.'),
  byStatus: counts.describe('Orders that have not ended.'),
  byReason: counts.describe('Orders with an attention.'),
  undecided: z.number().int(),
  oldestUndecidedSeconds: z.number().int(),
  disputesStalled: z
    .number()
    .int()
    .describe('Open disputes past their deadline, or without a look for days.'),
  oldestStalledDisputeSeconds: z.number().int().describe('0 when there is none.'),
  breaks: z.number().int().describe('Payments that do not reconcile with the provider.'),
  paymentsComparedSeconds: z
    .number()
    .int()
    .describe('Payments older than this have been compared with the provider.'),
});

/** A row with its timestamps as RFC 3339. */
type WithIsoDates<T> = {
  [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K];
};
export const withIsoDates = <T extends object>(row: T): WithIsoDates<T> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Date ? value.toISOString() : value,
    ]),
  ) as WithIsoDates<T>;

export const toStuckOrderResponse = (order: Order): StuckOrderResponse => {
  const { reason, since } = stuckBy(order);
  return {
    id: order.id,
    storeId: order.storeId,
    status: order.status,
    ...(reason && { reason }),
    ...(since && { since: since.toISOString() }),
    attentions: order.attentions.map(withIsoDates),
    payment: { id: order.paymentIntentId, status: order.paymentStatus },
    total: numberFromMinor(order.totalMinor, order.currency),
    currency: order.currency,
    lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    createdAt: order.createdAt.toISOString(),
    updatedAt: order.updatedAt.toISOString(),
  };
};

export const toDisputeResponse = (dispute: Dispute): z.output<typeof disputeResponse> => {
  const { amountMinor, currency: code, dueAt, ...rest } = dispute;
  const currency = currencyOf(code);
  return {
    ...withIsoDates(rest),
    currency,
    amount: numberFromMinor(amountMinor, currency),
    ...(dueAt && { dueAt: dueAt.toISOString() }),
  };
};

export const toActionResponse = (action: RecoveryAction): ActionResponse => ({
  id: action.id,
  action: action.action,
  operator: action.operator,
  orderId: action.orderId,
  outcome: action.outcome,
  ...(action.message && { message: action.message }),
  body: action.body,
  createdAt: action.createdAt.toISOString(),
  ...(action.doneAt && { doneAt: action.doneAt.toISOString() }),
});
