// The parcels of a drill's orders, in the record and at the carrier, and what becomes of them.
import { control } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';

/** A parcel to this postal code stays on its way until `sendTo` ends it. */
export const SLOW = 'SLOW 00';

export interface ParcelRow {
  orderId: string;
  location: string;
  shipmentId: string;
  status: string;
  quantity: number;
}

/** The recorded parcels of orders, each of one sku. */
export const parcelsOf = async ({ sql }: Shop, ...orderIds: string[]): Promise<ParcelRow[]> => {
  const rows = await sql`select order_id as "orderId", location, shipment_id as "shipmentId",
      status, (lines -> 0 ->> 'quantity')::int as quantity
    from orders.parcels where order_id in ${sql(orderIds)} order by order_id, location`;
  return rows as unknown as ParcelRow[];
};

export interface Shipment {
  id: string;
  reference: string;
  status: string;
}

/** Every parcel that the carrier has ever booked. */
export const shipmentsOf = async (shop: Shop): Promise<Shipment[]> => {
  const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
  return (body as unknown as { shipments: Shipment[] }).shipments;
};

export const sendTo = async (
  shop: Shop,
  shipmentId: string,
  outcome: 'lost' | 'returned' | 'delivered',
): Promise<void> => {
  const path = `shipments/${shipmentId}/outcome`;
  await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome });
};
