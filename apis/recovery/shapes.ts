// Request schemas of Order Recovery, and why and since when an order is stuck.
import { z } from 'zod';
import {
  ATTENTION_REASONS,
  REPAIR_ACTIONS,
  UNDECIDED_MS_MAX,
  type AttentionReason,
} from '../../domain/attention.ts';
import { DISPUTE_STATES } from '../../domain/disputes/dispute.ts';
import { EVIDENCE_FIELDS, EVIDENCE_LENGTH_MAX } from '../../domain/disputes/evidence.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { isDecided } from '../../domain/order.ts';
import { pageQuery } from '../http/cursors.ts';

const AGE_SECONDS_MAX = 365 * 24 * 3_600;

const filterFields = {
  reason: z.enum(ATTENTION_REASONS).optional(),
  /** Seconds. */
  olderThan: z.coerce.number().int().min(0).max(AGE_SECONDS_MAX).optional(),
  sku: z.string().max(64).optional(),
  paymentId: z.string().max(100).optional(),
};

export const stuckQuery = pageQuery.extend(filterFields);

/** Without a state, the open ones. */
export const disputesQuery = pageQuery.extend({ state: z.enum(DISPUTE_STATES).optional() });

const note = z.string().trim().max(500).default('');
const evidenceText = z.string().trim().min(1).max(EVIDENCE_LENGTH_MAX);
export const acceptBody = z.strictObject({ note });
export const submitBody = z.strictObject({
  note,
  /** Fields that replace those that were prepared. */
  evidence: z.partialRecord(z.enum(EVIDENCE_FIELDS), evidenceText).optional(),
});

const BATCH_ORDERS_MAX = 1_000;
export const batchBody = z.strictObject({
  action: z.enum(REPAIR_ACTIONS).exclude(['readdress', 'resolve']),
  filter: z.strictObject(filterFields),
  body: z.record(z.string(), z.unknown()).default({}),
  /** Only an explicit false does the actions. */
  dryRun: z.boolean().default(true),
  limit: z.number().int().min(1).max(BATCH_ORDERS_MAX).default(100),
  perSecond: z.number().min(0.1).max(50).default(5),
});

/** Filters in the store's own units. */
export const filterOf = ({ olderThan, ...rest }: z.output<typeof batchBody>['filter']) => ({
  ...rest,
  olderThanMs: olderThan === undefined ? undefined : olderThan * 1_000,
});

/** Why an order is in the list, and since when; undefined when it is not stuck. */
export const stuckBy = (order: Order): { reason?: AttentionReason; since?: Date } => {
  const { attention, status, createdAt } = order;
  if (attention) return { reason: attention.reason, since: attention.since };
  const isLate = !isDecided(status) && Date.now() - createdAt.getTime() > UNDECIDED_MS_MAX;
  return isLate ? { reason: 'NO_PROGRESS', since: createdAt } : {};
};
