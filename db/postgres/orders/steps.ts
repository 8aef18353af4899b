// The steps of an order: each moves it along its table once and publishes an event.
import { eq } from 'drizzle-orm';
import { workflowOfStep, type Attention, type AttentionReason } from '../../../domain/attention.ts';
import type { NextAction } from '../../../domain/declines.ts';
import { newId } from '../../../domain/ids.ts';
import {
  assertMove,
  isOpenPayment,
  ORDER_EVENTS,
  type Address,
  type OrderStatus,
  type PaymentStatus,
} from '../../../domain/order.ts';
import type { Pg, Tx } from '../client.ts';
import { orders, type StoredAttention } from '../schema/orders.ts';
import { recordEvent, type EventData } from './events.ts';
import { postEntry } from './ledger.ts';
import { lockOrder, noOrder, orderOf, type Order, type OrderRow } from './orders.ts';

/** One step of an order; absent fields stay unchanged. */
export interface OrderStep {
  status?: OrderStatus;
  paymentStatus?: PaymentStatus;
  paymentMethod?: string;
  paymentIntentId?: string;
  clientSecret?: string | null;
  nextAction?: NextAction | null;
  shipmentId?: string;
  trackingNumber?: string;
  endCode?: string;
  endMessage?: string;
  shippingAddress?: Address;
  /** The event's data for the shopper. */
  data?: EventData;
}

export const PAYMENT_EVENTS: Record<PaymentStatus, string> = {
  none: 'PaymentVoided',
  authorized: 'PaymentAuthorized',
  captured: 'PaymentCaptured',
  partially_refunded: 'PaymentPartiallyRefunded',
  refunded: 'PaymentRefunded',
  disputed: 'PaymentDisputed',
};

/** Writes columns and numbers the change, so that its event can be recorded. */
export const writeChange = async (
  tx: Tx,
  present: OrderRow,
  set: Partial<OrderRow>,
): Promise<OrderRow> => {
  const [row] = await tx
    .update(orders)
    .set({ ...set, sequence: present.sequence + 1, updatedAt: new Date() })
    .where(eq(orders.id, present.id))
    .returning();
  if (!row) throw noOrder();
  return row;
};

/** Writes columns without an event and without a sequence number. */
const writeColumns = async (tx: Tx, present: OrderRow, columns: Partial<OrderRow>) => {
  if (Object.keys(columns).length === 0) return present;
  const set = { ...columns, updatedAt: new Date() };
  const [row] = await tx.update(orders).set(set).where(eq(orders.id, present.id)).returning();
  if (!row) throw noOrder();
  return row;
};

type Paying = Partial<OrderRow> & { paymentStatus: PaymentStatus };

const pay = async (tx: Tx, present: OrderRow, set: Paying, data: EventData) => {
  const row = await writeChange(tx, present, set);
  await recordEvent(tx, row, PAYMENT_EVENTS[set.paymentStatus], data);
  if (set.paymentStatus === 'captured') {
    const { id: reference, totalMinor: amountMinor } = row;
    await postEntry(tx, row, { entry: 'capture', reference, amountMinor });
  }
  return row;
};

/** What the provider or a failure says may be long. */
const DETAIL_LENGTH_MAX = 500;
const ATTENTION_CLEARED = 'AttentionCleared';

/** Reasons that the sweep raises for an order that stands still: any status change clears them. */
const STANDSTILLS: readonly AttentionReason[] = ['NO_PROGRESS', 'WORKFLOW_HALTED'];

/** Clears the attentions of which this is true, with an event for each. */
/** Clears attentions of a locked order, each with its event. */
export const cleared = async (
  tx: Tx,
  present: OrderRow,
  isOver: (one: StoredAttention) => boolean,
): Promise<OrderRow> => {
  let row = present;
  for (const one of present.attentions.filter(isOver)) {
    const attentions = row.attentions.filter(({ id }) => id !== one.id);
    row = await writeChange(tx, row, { attentions });
    const data = { attentionId: one.id, reason: one.reason };
    await recordEvent(tx, row, ATTENTION_CLEARED, data);
  }
  return row;
};

type Moving = Partial<OrderRow> & { status: OrderStatus };

const move = async (tx: Tx, present: OrderRow, set: Moving, data: EventData) => {
  assertMove(present.status, set.status);
  const arrives = set.status === 'delivered' ? { deliveredAt: new Date() } : {};
  const row = await writeChange(tx, present, { ...set, ...arrives });
  await recordEvent(tx, row, ORDER_EVENTS[set.status], data);
  return cleared(tx, row, ({ reason }) => STANDSTILLS.includes(reason));
};

/**
 * Moves an order along its table and records the event. A step already taken changes nothing, so
 * that callers may repeat it. Throws ILLEGAL_TRANSITION, NOT_FOUND.
 */
export const advanceOrder = (
  pg: Pg,
  storeId: string,
  id: string,
  { data = {}, status, paymentStatus, ...columns }: OrderStep,
): Promise<Order> =>
  pg.transaction('orders.advance', async (tx) => {
    const present = await lockOrder(tx, storeId, id);
    let row = present;
    // A step that is recorded late does not take a refund or a dispute back.
    const isLate = !isOpenPayment(row.paymentStatus);
    if (paymentStatus && !isLate && paymentStatus !== row.paymentStatus) {
      row = await pay(tx, row, { ...columns, paymentStatus }, status ? {} : data);
    }
    if (status && status !== row.status) row = await move(tx, row, { ...columns, status }, data);
    if (row === present) row = await writeColumns(tx, present, columns);
    return orderOf(row);
  });

/** Writes a change that is not a move, with its event, unless it is recorded already. */
export const noteOnOrder = (
  pg: Pg,
  storeId: string,
  id: string,
  note: { type: string; data: EventData; set?: Partial<OrderRow> },
  unless: (present: Order) => boolean = () => false,
): Promise<Order> =>
  pg.transaction('orders.note', async (tx) => {
    const present = await lockOrder(tx, storeId, id);
    if (unless(orderOf(present))) return orderOf(present);
    const row = await writeChange(tx, present, note.set ?? {});
    await recordEvent(tx, row, note.type, note.data);
    return orderOf(row);
  });

/**
 * Marks a step of the order as waiting for an operator, and returns the attention's id. A step that
 * waits already keeps its id and since; its reason, actions and detail become the present ones.
 */
export const raiseAttention = (
  pg: Pg,
  storeId: string,
  id: string,
  raised: Omit<Attention, 'id' | 'since'>,
): Promise<string> =>
  pg.transaction('orders.raiseAttention', async (tx) =>
    raisedOn(tx, await lockOrder(tx, storeId, id), raised),
  );

/** As `raiseAttention`, of a locked order. */
export const raisedOn = async (
  tx: Tx,
  present: OrderRow,
  raised: Omit<Attention, 'id' | 'since'>,
): Promise<string> => {
  const known = present.attentions.find(({ step }) => step === raised.step);
  const made = { id: newId('attention'), since: new Date().toISOString() };
  const { id: attentionId, since } = known ?? made;
  const detail = raised.detail?.slice(0, DETAIL_LENGTH_MAX);
  const one = { ...raised, id: attentionId, since, ...(detail && { detail }) };
  if (Bun.deepEquals(known, one)) return one.id;
  const others = present.attentions.filter((other) => other !== known);
  const attentions = [...others, one].sort((a, b) => (a.since < b.since ? -1 : 1));
  const row = await writeChange(tx, present, { attentions });
  const data = { attentionId: one.id, reason: one.reason };
  await recordEvent(tx, row, 'AttentionRaised', data);
  return one.id;
};

/** Clears an attention by its id or step, or those of a workflow's steps. */
export const clearAttention = (
  pg: Pg,
  storeId: string,
  id: string,
  which: { id: string } | { step: string } | { workflowId: string },
): Promise<void> =>
  pg.transaction('orders.clearAttention', async (tx) => {
    const isIt = (one: StoredAttention): boolean => {
      if ('id' in which) return one.id === which.id;
      if ('step' in which) return one.step === which.step;
      return workflowOfStep(one.step) === which.workflowId;
    };
    await cleared(tx, await lockOrder(tx, storeId, id), isIt);
  });
