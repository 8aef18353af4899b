// Mail to the shopper: one of each kind per order, never in the order's way.
import type { Pg } from '../db/postgres/client.ts';
import { orderById, type Order } from '../db/postgres/orders.ts';
import { recordNotified, wasNotified } from '../db/postgres/payments.ts';
import { numberFromMinor } from '../domain/money.ts';
import type { Mailer } from './providers/mailer.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

export type NotificationKind = 'confirmed' | 'shipped' | 'delivered' | 'cancelled';

interface Text {
  subject: string;
  body: (order: Order) => string;
}

const TEXTS: Record<NotificationKind, Text> = {
  confirmed: {
    subject: 'Your order is confirmed',
    body: (order) =>
      `Thank you. We have your payment of ${numberFromMinor(order.totalMinor, order.currency)} ` +
      `${order.currency} and are packing your parcel.`,
  },
  shipped: {
    subject: 'Your parcel is on its way',
    body: (order) => `The carrier has it; its tracking number is ${order.trackingNumber}.`,
  },
  delivered: {
    subject: 'Your parcel has arrived',
    body: () => 'The carrier says that your parcel was delivered. Enjoy it.',
  },
  cancelled: {
    subject: 'Your order is cancelled',
    body: () => 'Nothing was charged that is not given back, and nothing will be sent.',
  },
};

const linesOf = (order: Order): string[] =>
  order.lines.map((line) => `${line.quantity} × ${line.name} (${line.sku})`);

const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

export const notificationActivities = (pg: Pg, mailer: Mailer) => ({
  /** Sends a kind of mail once; the message id lets a receiver drop what a crash repeats. */
  async notifyShopper({
    orderId,
    storeId,
    kind,
  }: OrderAsk & { kind: NotificationKind }): Promise<void> {
    if (await wasNotified(pg, orderId, kind)) return;
    const order = await orderById(pg, storeId, orderId);
    const { subject, body } = TEXTS[kind];
    const lines = linesOf(order);
    await mailer.send({
      to: order.email,
      subject: `${subject} (${orderId})`,
      text: `${body(order)}\n\n${lines.join('\n')}\n`,
      html: `<p>${escapeHtml(body(order))}</p><ul>${lines
        .map((line) => `<li>${escapeHtml(line)}</li>`)
        .join('')}</ul>`,
      messageId: `${orderId}.${kind}`,
    });
    await recordNotified(pg, orderId, kind);
  },
});
