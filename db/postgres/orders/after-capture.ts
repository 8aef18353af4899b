// Reads what has become of an order's money and units, for the rule of what can be given back.
import { eq } from 'drizzle-orm';
import { leftMinor, type AfterCapture } from '../../../domain/giving-back.ts';
import { currencyOf } from '../../../domain/money.ts';
import type { PaymentStatus } from '../../../domain/order.ts';
import { isFinal } from '../../../domain/parcels.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { parcels, returns } from '../schema/orders.ts';
import { disputes, refunds } from '../schema/orders-money.ts';
import type { OrderRow } from './order-row.ts';

/** Payment statuses under which money is captured. */
const CAPTURED: readonly PaymentStatus[] = [
  'captured',
  'partially_refunded',
  'refunded',
  'disputed',
];

/** The fields of an order that the rule needs. */
type Bought = Pick<OrderRow, 'id' | 'paymentStatus' | 'totalMinor' | 'currency' | 'lines'>;

/** The order's row is locked by a caller that grants anything. */
export const afterCaptureOf = async (db: Db | Tx, order: Bought): Promise<AfterCapture> => {
  const { id, paymentStatus, totalMinor, lines: bought } = order;
  const sent = await db.select().from(parcels).where(eq(parcels.orderId, id));
  return {
    currency: currencyOf(order.currency),
    capturedMinor: CAPTURED.includes(paymentStatus) ? totalMinor : 0,
    bought,
    undelivered: sent
      .filter((parcel) => isFinal(parcel) && parcel.status !== 'delivered')
      .flatMap(({ lines }) => lines),
    returns: await db.select().from(returns).where(eq(returns.orderId, id)),
    refunds: await db.select().from(refunds).where(eq(refunds.orderId, id)),
    disputes: await db.select().from(disputes).where(eq(disputes.orderId, id)),
  };
};

/** The money of an order that can still be given back, in minor units. */
export const readLeftMinor = (pg: Pg, order: Bought): Promise<number> =>
  pg.query('orders.leftMinor', async (db) => leftMinor(await afterCaptureOf(db, order)));
