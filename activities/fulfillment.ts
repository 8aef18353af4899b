// Fulfilment: the parcel is booked once, then followed until the carrier says it arrived.
import { ApplicationFailure } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import type { Pg } from '../db/postgres/client.ts';
import { advanceOrder, orderById } from '../db/postgres/orders.ts';
import type { Carrier, Shipment } from './providers/carrier.ts';
import type { StockAsk as OrderAsk } from './stock.ts';

/** Milestones in the order in which a parcel reaches them. */
const REACHED: Record<'shipped' | 'delivered', Shipment['status'][]> = {
  shipped: ['shipped', 'delivered'],
  delivered: ['delivered'],
};

export const fulfillmentActivities = (pg: Pg, carrier: Carrier) => ({
  /** Books the parcel under the order's own key and moves the order to packing. */
  async bookShipment({ orderId, storeId }: OrderAsk): Promise<void> {
    const order = await orderById(pg, storeId, orderId);
    const shipment = await carrier.book(orderId, order.shippingAddress, `${orderId}/book`);
    const { id: shipmentId, trackingNumber } = shipment;
    const data = { trackingNumber };
    await advanceOrder(pg, storeId, orderId, {
      ...(order.status === 'confirmed' && { status: 'packing' }),
      shipmentId,
      trackingNumber,
      data,
    });
  },

  /** Resolves once the parcel is there; until then it is looked at again every `pollMs`. */
  async followShipment(
    ask: OrderAsk & { until: 'shipped' | 'delivered'; pollMs: number },
  ): Promise<void> {
    const { orderId, storeId, until, pollMs } = ask;
    const { shipmentId, status } = await orderById(pg, storeId, orderId);
    if (!shipmentId) throw new Error('a shipment is followed before it was booked');
    const shipment = await carrier.shipmentById(shipmentId);
    if (!REACHED[until].includes(shipment.status)) {
      throw ApplicationFailure.create({
        message: `the parcel is ${shipment.status}`,
        nextRetryDelay: pollMs,
        category: ApplicationFailureCategory.BENIGN,
      });
    }
    if (status !== 'delivered') await advanceOrder(pg, storeId, orderId, { status: until });
  },
});
