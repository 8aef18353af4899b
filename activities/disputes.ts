// Records disputes in the ledger, submits evidence from the order's record, and awaits the verdict.
import type { Pg } from '../db/postgres/client.ts';
import { concludeDispute, openDispute, recordEvidence } from '../db/postgres/orders/disputes.ts';
import { listOrderEvents, type OrderEvent } from '../db/postgres/orders/events.ts';
import { orderById, type Order } from '../db/postgres/orders/orders.ts';
import { keyed } from './payment-keys.ts';
import type { RefundsAndDisputes, Evidence } from './providers/stripe-refunds-and-disputes.ts';
import { notYet } from './attempts.ts';

/** Stripe accepts 150,000 characters of evidence in all; ours stays far below. */
const TEXT_LENGTH_MAX = 5_000;

export interface DisputeInput {
  disputeId: string;
  orderId: string;
  storeId: string;
}

const timelineOf = (events: OrderEvent[]): string =>
  events
    .map(({ createdAt, type }) => `${createdAt.toISOString()} ${type}`)
    .join('\n')
    .slice(0, TEXT_LENGTH_MAX);

const addressOf = ({ shippingAddress: to }: Order): string =>
  [to.name, to.line1, to.line2, to.postalCode, to.city, to.region, to.country]
    .filter((part) => part)
    .join(', ');

/** Evidence from the order's record, by the provider's field names. */
const evidenceOf = (order: Order, events: OrderEvent[]): Evidence => {
  const shipped = events.find(({ type }) => type === 'OrderShipped');
  return {
    customer_email_address: order.email,
    customer_name: order.shippingAddress.name,
    shipping_address: addressOf(order),
    product_description: order.lines
      .map(({ quantity, name, sku }) => `${quantity} × ${name} (${sku})`)
      .join('\n')
      .slice(0, TEXT_LENGTH_MAX),
    ...(order.trackingNumber && { shipping_tracking_number: order.trackingNumber }),
    ...(shipped && { shipping_date: shipped.createdAt.toISOString().slice(0, 10) }),
    uncategorized_text: timelineOf(events),
  };
};

export const disputeActivities = (pg: Pg, afterCapture: RefundsAndDisputes) => ({
  /** Reads the dispute and records it in the ledger: the provider holds the money for now. */
  async recordDispute({ disputeId, orderId, storeId }: DisputeInput): Promise<void> {
    const { amountMinor, currency, reason } = await afterCapture.readDispute(disputeId);
    await openDispute(pg, { id: disputeId, storeId, orderId, amountMinor, currency, reason });
  },

  /** Submits the evidence. A dispute that has its evidence already stays as it is. */
  async answerDispute({ disputeId, orderId, storeId }: DisputeInput): Promise<void> {
    const order = await orderById(pg, storeId, orderId);
    const evidence = evidenceOf(order, await listOrderEvents(pg, storeId, orderId, 0));
    const answered = async () => {
      const view = await afterCapture.readDispute(disputeId);
      return view.stage === 'open' ? undefined : view;
    };
    if (!(await answered())) {
      const send = (key: string) => afterCapture.submitEvidence(disputeId, evidence, key);
      await keyed(pg, { orderId, verb: `evidence/${disputeId}`, send, read: answered });
    }
    await recordEvidence(pg, disputeId, evidence);
  },

  /** Resolves with the verdict once it is recorded; an undecided dispute is read every `pollMs`. */
  async followDispute(input: DisputeInput & { pollMs: number }): Promise<'won' | 'lost'> {
    const { stage } = await afterCapture.readDispute(input.disputeId);
    if (stage === 'won' || stage === 'lost') {
      await concludeDispute(pg, input.disputeId, stage);
      return stage;
    }
    throw notYet(`the dispute is ${stage}`, input.pollMs);
  },
});
