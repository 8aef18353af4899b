// Disputes: their states, which of them have taken money, and how long a person may answer them.

/** A dispute is won or lost; an inquiry is closed, or becomes a dispute and begins anew. */
export const DISPUTE_STATES = [
  'opened',
  'evidence_prepared',
  'answered',
  'won',
  'lost',
  'closed',
] as const;
export type DisputeState = (typeof DISPUTE_STATES)[number];

export const OPEN_DISPUTE_STATES = ['opened', 'evidence_prepared', 'answered'] as const;
export type DisputeEnd = Exclude<DisputeState, (typeof OPEN_DISPUTE_STATES)[number]>;

export const isOver = (state: DisputeState): state is DisputeEnd =>
  !(OPEN_DISPUTE_STATES as readonly DisputeState[]).includes(state);

/** True while the bank holds the money, and once it has kept it. An inquiry moves none. */
export const isWithdrawn = (dispute: { state: DisputeState; isInquiry: boolean }): boolean =>
  !dispute.isInquiry && dispute.state !== 'won' && dispute.state !== 'closed';

/** What a person may decide about the evidence, instead of the rule. */
export const DISPUTE_ACTIONS = ['submit', 'accept'] as const;
export type DisputeAction = (typeof DISPUTE_ACTIONS)[number];

/** Who sends the evidence: the rule at once, or a person in time. */
export const EVIDENCE_BY = ['rule', 'person'] as const;
export type EvidenceBy = (typeof EVIDENCE_BY)[number];

/** The rule sends what no person has decided on this long before the provider's deadline. */
const RULE_SENDS_BEFORE_MS = 24 * 3_600_000;

/** How long a person may decide, in ms; 0 when the rule sends the evidence now. */
export const decisionMs = (by: EvidenceBy, dueAt: Date, nowMs: number): number =>
  by === 'rule' ? 0 : Math.max(0, dueAt.getTime() - RULE_SENDS_BEFORE_MS - nowMs);
