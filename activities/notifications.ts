// Sends the mails of an order, one of each kind, without delaying the order.
import type { Pg } from '../db/postgres/client.ts';
import { recordNotified, wasNotified } from '../db/postgres/orders/keys.ts';
import { orderById } from '../db/postgres/orders/orders.ts';
import { renderMail, type NotificationKind } from './mails.ts';
import type { Mailer } from './providers/mailer.ts';
import type { StockInput as OrderInput } from './stock.ts';

export type { NotificationKind };

export interface NotifyInput extends OrderInput {
  kind: NotificationKind;
  /** The subject when an order can have several mails of a kind: a refund, a payment attempt. */
  about?: string;
  amountMinor?: number;
  /** What a person has to say to the shopper about it. */
  note?: string;
}

/** A rejection within this time is the response of the checkout, and needs no mail. */
const ANSWERED_MS = 5_000;

export const notificationActivities = (pg: Pg, mailer: Mailer) => ({
  /** Sends a mail of a kind once; the message id lets a receiver drop a copy after a crash. */
  async notifyShopper(input: NotifyInput): Promise<void> {
    const { orderId, storeId, kind, about, amountMinor, note } = input;
    const name = about ? `${kind}/${about}` : kind;
    if (await wasNotified(pg, orderId, name)) return;
    const order = await orderById(pg, storeId, orderId);
    const decidedMs = order.updatedAt.getTime() - order.createdAt.getTime();
    if (kind === 'rejected' && decidedMs < ANSWERED_MS) return;
    const mail = renderMail(kind, order, { amountMinor, note });
    const messageId = `${orderId}.${name.replaceAll('/', '.')}`;
    await mailer.send({ to: order.email, ...mail, messageId });
    await recordNotified(pg, orderId, name);
  },
});
