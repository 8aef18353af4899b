// Records disputes, prepares and sends their evidence or concedes them, and looks for their end.
import type { Pg } from '../db/postgres/client.ts';
import {
  changeEvidence,
  concludeDispute,
  disputeById,
  openDispute,
  prepareEvidence,
  recordAnswered,
  recordLook,
} from '../db/postgres/orders/disputes.ts';
import { listOrderEvents, type OrderEvent } from '../db/postgres/orders/events.ts';
import { keyGeneration, recordGeneration } from '../db/postgres/orders/keys.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { decisionMs, type DisputeEnd, type EvidenceBy } from '../domain/disputes/dispute.ts';
import { EVIDENCE_LENGTH_MAX, type Evidence } from '../domain/disputes/evidence.ts';
import { DomainError } from '../domain/errors.ts';
import { isOpenPayment } from '../domain/order.ts';
import { notYet } from './attempts.ts';
import { keyed, type KeyedStep } from './payment-keys.ts';
import { ownFaultOf } from './providers/stripe-client.ts';
import type { RefundsAndDisputes } from './providers/stripe-refunds-and-disputes.ts';

/** How long after a dispute that came before the record of its capture the record is read again. */
const CAPTURE_POLL_MS = 1_000;

export interface DisputeInput {
  disputeId: string;
  orderId: string;
  storeId: string;
}

export interface DisputeDeps {
  pg: Pg;
  afterCapture: RefundsAndDisputes;
  evidenceBy: EvidenceBy;
}

const timelineOf = (events: OrderEvent[]): string =>
  events.map(({ createdAt, type }) => `${createdAt.toISOString()} ${type}`).join('\n');

const addressOf = ({ shippingAddress: to }: Order): string =>
  [to.name, to.line1, to.line2, to.postalCode, to.city, to.region, to.country]
    .filter((part) => part)
    .join(', ');

/** Evidence from the order's record. */
const evidenceOf = (order: Order, events: OrderEvent[]): Evidence => {
  const shipped = events.find(({ type }) => type === 'OrderShipped');
  return {
    customer_email_address: order.email,
    customer_name: order.shippingAddress.name,
    shipping_address: addressOf(order),
    product_description: order.lines
      .map(({ quantity, name, sku }) => `${quantity} × ${name} (${sku})`)
      .join('\n')
      .slice(0, EVIDENCE_LENGTH_MAX),
    ...(order.trackingNumber && { shipping_tracking_number: order.trackingNumber }),
    ...(shipped && { shipping_date: shipped.createdAt.toISOString().slice(0, 10) }),
    uncategorized_text: timelineOf(events).slice(0, EVIDENCE_LENGTH_MAX),
  };
};

/**
 * ILLEGAL_TRANSITION, with the provider's text, when it does not accept the request, unless the
 * bank has decided meanwhile. It repeats a refusal of a key: a later request has the next one.
 */
const sent = <View>(pg: Pg, step: KeyedStep<View>): Promise<View> =>
  keyed(pg, step).catch(async (cause: unknown) => {
    const providerText = ownFaultOf(cause);
    if (providerText === undefined) throw cause;
    const found = await step.read();
    if (found) return found;
    const { orderId, verb } = step;
    const { generation } = await keyGeneration(pg, orderId, verb);
    await recordGeneration(pg, orderId, verb, generation + 1);
    throw new DomainError('ILLEGAL_TRANSITION', providerText, { cause });
  });

export const disputeActivities = ({ pg, afterCapture, evidenceBy }: DisputeDeps) => ({
  /**
   * Reads the dispute and records it in the ledger: the provider holds the money for now. An
   * inquiry is recorded without an entry, and again once it has become a dispute.
   */
  async recordDispute({ disputeId: id, orderId, storeId }: DisputeInput): Promise<void> {
    const { paymentStatus } = await orderById(pg, storeId, orderId);
    if (isOpenPayment(paymentStatus)) throw notYet('no capture is recorded', CAPTURE_POLL_MS);
    const view = await afterCapture.readDispute(id);
    const { amountMinor, currency, reason, isInquiry, dueAt, createdAt } = view;
    const draft = { id, storeId, orderId, amountMinor, currency, reason, isInquiry };
    await openDispute(pg, { ...draft, dueAt, createdAt });
  },

  /**
   * Stores the evidence, and returns how long a person may decide about it, in ms. Undefined when
   * the bank takes none, or none any more.
   */
  async prepareEvidence(input: DisputeInput): Promise<{ decisionMs: number } | undefined> {
    const { disputeId, orderId, storeId } = input;
    const { stage, dueAt } = await afterCapture.readDispute(disputeId);
    if (stage !== 'open' || !dueAt) return undefined;
    const order = await orderById(pg, storeId, orderId);
    const events = await listOrderEvents(pg, storeId, orderId, 0);
    await prepareEvidence(pg, disputeId, evidenceOf(order, events));
    return { decisionMs: decisionMs(evidenceBy, dueAt, Date.now()) };
  },

  /**
   * Sends the stored evidence, with a person's fields in it. What was answered stays as it is.
   * ILLEGAL_TRANSITION when the provider takes no evidence.
   */
  async submitEvidence(input: DisputeInput & { evidence?: Evidence }): Promise<void> {
    const { disputeId, orderId, evidence: more = {} } = input;
    const { evidence, isInquiry } = await changeEvidence(pg, disputeId, more);
    const answered = async () => {
      const view = await afterCapture.readDispute(disputeId);
      return view.stage === 'open' ? undefined : view;
    };
    if (!(await answered())) {
      const send = (key: string) => afterCapture.submitEvidence(disputeId, evidence, key);
      const verb = `evidence/${disputeId}${isInquiry ? '/inquiry' : ''}`;
      await sent(pg, { orderId, verb, send, read: answered });
    }
    await recordAnswered(pg, disputeId);
  },

  /** Accepts the dispute as lost, unless it is over. ILLEGAL_TRANSITION once it was answered. */
  async concedeDispute({ disputeId, orderId }: DisputeInput): Promise<void> {
    const send = (key: string) => afterCapture.closeDispute(disputeId, key);
    const read = async () => {
      const view = await afterCapture.readDispute(disputeId);
      return view.stage === 'open' || view.stage === 'under_review' ? undefined : view;
    };
    if (!(await read())) await sent(pg, { orderId, verb: `concede/${disputeId}`, send, read });
  },

  /**
   * Reads the dispute, and records its end. `escalated` means that what was recorded as an inquiry
   * is a dispute now, `answered` that the provider has evidence; undefined that it waits for some.
   */
  async lookAtDispute({
    disputeId,
  }: DisputeInput): Promise<DisputeEnd | 'escalated' | 'answered' | undefined> {
    const dispute = await disputeById(pg, disputeId);
    const { stage, isInquiry, dueAt } = await afterCapture.readDispute(disputeId);
    await recordLook(pg, disputeId, dueAt);
    if (dispute.isInquiry && !isInquiry) return 'escalated';
    if (stage === 'open') return undefined;
    if (stage === 'under_review') {
      await recordAnswered(pg, disputeId);
      return 'answered';
    }
    await concludeDispute(pg, dispute, stage);
    return stage;
  },
});
