// Why an order needs a person, and what a person may do about it: both lists are closed.

export const ATTENTION_REASONS = [
  /** The stock was held but could not be claimed, and not because it is gone. */
  'STOCK_STEP_FAILED',
  /** The provider's outcome is still unknown after every patience. */
  'PAYMENT_STEP_FAILED',
  /** The provider refused a refund, or took it back. */
  'REFUND_FAILED',
  /** The carrier does not take the parcel, or does not say where it is. */
  'SHIPMENT_STEP_FAILED',
  /** Units that were held have been counted as lost. */
  'STOCK_LOST',
  /** Money or stock could not be given back. */
  'UNDO_FAILED',
  /** No workflow runs for an order that is open. */
  'WORKFLOW_MISSING',
  /** Nothing has moved for longer than anything should take. */
  'NO_PROGRESS',
] as const;
export type AttentionReason = (typeof ATTENTION_REASONS)[number];

export const REPAIR_ACTIONS = [
  'retry',
  'skip',
  'refund',
  'cancel',
  'readdress',
  'resolve',
] as const;
/** What an operator may ask for: see apis/recovery. */
export type RepairAction = (typeof REPAIR_ACTIONS)[number];

/** An order that is not decided for longer than this breaks a promise, and is shown as stuck. */
export const UNDECIDED_MS_MAX = 15 * 60_000;
