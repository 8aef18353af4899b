// Sends the mails of an order, one of each kind, without delaying the order.
import type { Pg } from '../db/postgres/client.ts';
import { recordNotified, wasNotified } from '../db/postgres/orders/keys.ts';
import { orderById } from '../db/postgres/orders/orders.ts';
import { isEnding, type OrderStatus } from '../domain/order.ts';
import { renderMail, type NotificationKind } from './mails.ts';
import type { Mailer } from './providers/mailer.ts';
import type { StockInput as OrderInput } from './stock.ts';
import { notYet } from './attempts.ts';

export type { NotificationKind };

export interface NotifyInput extends OrderInput {
  kind: NotificationKind;
  /** The subject when an order can have several mails of a kind: a refund, a payment attempt. */
  about?: string;
  amountMinor?: number;
  /**
   * The mail waits until the order has this status, and is dropped when the order ends otherwise.
   */
  awaits?: OrderStatus;
  pollMs?: number;
}

const AWAIT_POLL_MS = 5_000;
/** A rejection within this time is the response of the checkout, and needs no mail. */
const ANSWERED_MS = 5_000;

/** The statuses on the way to delivery, in their order. */
const WAY: readonly OrderStatus[] = ['confirmed', 'packing', 'shipped', 'delivered'];

/** True when the mail is due, false when it never will be; before that the activity is retried. */
const isTime = (status: OrderStatus, { awaits, pollMs }: NotifyInput): boolean => {
  if (!awaits || status === awaits) return true;
  if (WAY.indexOf(status) > WAY.indexOf(awaits)) return true;
  if (isEnding(status)) return false;
  throw notYet(`the order is still ${status}`, pollMs ?? AWAIT_POLL_MS);
};

export const notificationActivities = (pg: Pg, mailer: Mailer) => ({
  /** Sends a mail of a kind once; the message id lets a receiver drop a copy after a crash. */
  async notifyShopper(input: NotifyInput): Promise<void> {
    const { orderId, storeId, kind, about, amountMinor } = input;
    const name = about ? `${kind}/${about}` : kind;
    if (await wasNotified(pg, orderId, name)) return;
    const order = await orderById(pg, storeId, orderId);
    if (!isTime(order.status, input)) return;
    const decidedMs = order.updatedAt.getTime() - order.createdAt.getTime();
    if (kind === 'rejected' && decidedMs < ANSWERED_MS) return;
    const mail = renderMail(kind, order, amountMinor);
    const messageId = `${orderId}.${name.replaceAll('/', '.')}`;
    await mailer.send({ to: order.email, ...mail, messageId });
    await recordNotified(pg, orderId, name);
  },
});
