// Closed lists: what needs an operator (attentions, reconciliation breaks), and the actions on it.

export const ATTENTION_REASONS = [
  /** The claim of held stock failed for another reason than missing stock. */
  'STOCK_STEP_FAILED',
  /** The provider's outcome is still unknown after all retries. */
  'PAYMENT_STEP_FAILED',
  /** The provider refused or reversed a refund. */
  'REFUND_FAILED',
  /** The carrier refuses the parcel or reports no position. */
  'SHIPMENT_STEP_FAILED',
  /** Held units were counted as lost. */
  'STOCK_LOST',
  /** A compensation (of money or stock) failed. */
  'UNDO_FAILED',
  /** An open order has no running workflow. */
  'WORKFLOW_MISSING',
  /** The order's status has not changed for longer than any step takes. */
  'NO_PROGRESS',
  /** The workflow's code fails at its next step, by a bug or a bad deploy. */
  'WORKFLOW_HALTED',
  /** A cancelled order's parcel had left before it could be voided. */
  'PARCEL_LEFT',
  /** The card provider refused the payment by a fault of ours, such as a wrong key. */
  'PAYMENT_REFUSED',
  /** The carrier refuses a return's label or position, or its units cannot be put on hand again. */
  'RETURN_STEP_FAILED',
  /** The provider refuses a dispute's evidence, or to be read. */
  'DISPUTE_STEP_FAILED',
  /** The bank warns that the card's owner may not have bought it. */
  'FRAUD_WARNING',
] as const;
export type AttentionReason = (typeof ATTENTION_REASONS)[number];

/** How a payment may differ between the card provider's records and the ledger. */
export const BREAK_KINDS = [
  'UNKNOWN_ORDER',
  'CAPTURE_MISSING',
  'CAPTURE_UNRECORDED',
  'REFUNDS_DIFFER',
  'STRAY_INTENT',
] as const;

export const REPAIR_ACTIONS = [
  'retry',
  'skip',
  'refund',
  'cancel',
  'readdress',
  'resolve',
  'intercept',
  'let_arrive',
  'treat_as_return',
  'dismiss',
] as const;
/** An action an operator may request; see apis/recovery. */
export type RepairAction = (typeof REPAIR_ACTIONS)[number];

/** Everything an operator does that is audited: with an order, a return or a dispute of it. */
export const AUDITED_ACTIONS = [
  ...REPAIR_ACTIONS,
  'accept_return',
  'refuse_return',
  'submit_dispute',
  'accept_dispute',
] as const;
export type AuditedAction = (typeof AUDITED_ACTIONS)[number];

/** Something of an order that waits for an operator: one row a step. */
export interface Attention {
  id: string;
  /** Unique among the order's open attentions. */
  step: string;
  reason: AttentionReason;
  since: Date;
  /** What helps it. */
  actions: RepairAction[];
  /** For operators alone, such as the provider's own text. */
  detail?: string;
}

/** The step of what the sweep sees, as no step of the workflow waits. */
export const SWEEP_STEP = 'workflow';
/** Steps of a workflow beside the order's begin with its id: `return/<id>: <step>`. */
const OWN_WORKFLOW = /^((?:return|dispute|refund)\/[^:]+): /;
/** The step of what the sweep sees of a workflow beside the order's. */
export const sweepStepOf = (workflowId: string): string => `${workflowId}: ${SWEEP_STEP}`;
export const isSweepStep = (step: string): boolean =>
  step === SWEEP_STEP || step.endsWith(`: ${SWEEP_STEP}`);
/** The id of the workflow whose step it is; undefined for a step of the order's own. */
export const workflowOfStep = (step: string): string | undefined => OWN_WORKFLOW.exec(step)?.[1];

/** The step of a bank's warning; a later one of the same order changes its row. */
export const FRAUD_WARNING_STEP = 'fraud warning';
/** What becomes of an order whose bank warns of fraud: it is refunded, or a person decides. */
export const FRAUD_RULES = ['refund', 'attention'] as const;
export type FraudRule = (typeof FRAUD_RULES)[number];

const REFUND_STEP = 'refund/';
/** The step of a refund that the bank has refused. */
export const refundStep = (refundId: string): string => `${REFUND_STEP}${refundId}`;
/** The refund of such a step; undefined for any other step. */
export const refundOfStep = (step: string): string | undefined =>
  step.startsWith(REFUND_STEP) && workflowOfStep(step) === undefined
    ? step.slice(REFUND_STEP.length)
    : undefined;

/** Attempts of one sweep, or of one order's repair in a batch. */
export const RECOVERY_ATTEMPTS_MAX = 3;

/** An order that stays undecided longer than this breaks a promise and is listed as stuck. */
export const UNDECIDED_MS_MAX = 15 * 60_000;
