// Mail to the shopper: one of each kind per order, never in the order's way.
import type { Pg } from '../db/postgres/client.ts';
import { recordNotified, wasNotified } from '../db/postgres/orders/keys.ts';
import { orderById } from '../db/postgres/orders/orders.ts';
import { renderMail, type NotificationKind } from './mails.ts';
import type { Mailer } from './providers/mailer.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

export type { NotificationKind };

export interface NotifyAsk extends OrderAsk {
  kind: NotificationKind;
  /** What it is about, when an order can have several of a kind: a refund, a try to pay. */
  about?: string;
  amountMinor?: number;
}

export const notificationActivities = (pg: Pg, mailer: Mailer) => ({
  /** Sends a kind of mail once; the message id lets a receiver drop what a crash repeats. */
  async notifyShopper({ orderId, storeId, kind, about, amountMinor }: NotifyAsk): Promise<void> {
    const name = about ? `${kind}/${about}` : kind;
    if (await wasNotified(pg, orderId, name)) return;
    const order = await orderById(pg, storeId, orderId);
    const mail = renderMail(kind, order, amountMinor);
    const messageId = `${orderId}.${name.replaceAll('/', '.')}`;
    await mailer.send({ to: order.email, ...mail, messageId });
    await recordNotified(pg, orderId, name);
  },
});
