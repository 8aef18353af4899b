// Returns: approved by rule, followed home, and recorded as they come.
import type { Pg } from '../db/postgres/client.ts';
import { moveReturn, returnById } from '../db/postgres/orders/returns.ts';
import type { Address } from '../domain/order.ts';
import type { Carrier } from './providers/carrier.ts';
import { notYet } from './attempts.ts';

export interface ReturnInput {
  returnId: string;
  storeId: string;
}

/** Where returned parcels go. A store's own address once stores have one. */
const WAREHOUSE: Address = {
  name: 'Holdfast Returns',
  line1: '1 Quay Road',
  city: 'Portree',
  postalCode: 'IV51 9AA',
  country: 'GB',
};

export const returnActivities = (pg: Pg, carrier: Carrier) => ({
  /**
   * The rule was checked when it was asked for, under the order's lock: what was bought and
   * arrived, in its time. The label is booked under the return's own key.
   */
  async approveReturn({ returnId, storeId }: ReturnInput): Promise<void> {
    const { id: shipmentId, trackingNumber } = await carrier.book(
      returnId,
      WAREHOUSE,
      `${returnId}/book`,
    );
    await moveReturn(pg, storeId, returnId, { state: 'approved', shipmentId, trackingNumber });
  },

  /** Resolves once the parcel is back; `lost` when the carrier says it will not come. */
  async followReturn(input: ReturnInput & { pollMs: number }): Promise<'received' | 'lost'> {
    const { returnId, storeId, pollMs } = input;
    const { shipmentId } = await returnById(pg, storeId, returnId);
    if (!shipmentId) throw new Error('a return is followed before it was booked');
    const { status } = await carrier.shipmentById(shipmentId);
    if (status === 'lost' || status === 'canceled') return 'lost';
    if (status === 'delivered') {
      await moveReturn(pg, storeId, returnId, { state: 'received' });
      return 'received';
    }
    throw notYet(`the returned parcel is ${status}`, pollMs);
  },

  /** The end of a return: its money is back, or it never came. */
  async endReturn(input: ReturnInput & { state: 'refunded' | 'expired' }): Promise<void> {
    await moveReturn(pg, input.storeId, input.returnId, { state: input.state });
  },
});
