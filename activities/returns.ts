// Approves returns, follows their parcels, and records their end.
import type { Pg } from '../db/postgres/client.ts';
import { moveReturn, returnById } from '../db/postgres/orders/returns.ts';
import { DomainError } from '../domain/errors.ts';
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
   * Books the label under the return's own key. The request has already checked the return rule
   * under the order's lock: the units were bought, have arrived, and are in time.
   */
  async approveReturn({ returnId, storeId }: ReturnInput): Promise<void> {
    const { id: shipmentId, trackingNumber } = await carrier.book(
      returnId,
      WAREHOUSE,
      `${returnId}/book`,
    );
    await moveReturn(pg, storeId, returnId, { state: 'approved', shipmentId, trackingNumber });
  },

  /** Approves it without a label: the shopper sends it in another way. */
  async approveWithoutParcel({ returnId, storeId }: ReturnInput): Promise<void> {
    await moveReturn(pg, storeId, returnId, { state: 'approved' });
  },

  /** Records that the units are here, as an operator says. */
  async receiveReturn({ returnId, storeId }: ReturnInput): Promise<void> {
    await moveReturn(pg, storeId, returnId, { state: 'received' });
  },

  /** Resolves once the parcel is back; `lost` when the carrier reports that it will not come. */
  async followReturn(input: ReturnInput & { pollMs: number }): Promise<'received' | 'lost'> {
    const { returnId, storeId, pollMs } = input;
    const { shipmentId } = await returnById(pg, storeId, returnId);
    // Without a label nothing tells that it has come: an operator does.
    if (!shipmentId) throw new DomainError('NOT_FOUND', 'the return has no parcel to follow');
    const { status } = await carrier.shipmentById(shipmentId);
    if (status === 'lost' || status === 'canceled') return 'lost';
    if (status === 'delivered') {
      await moveReturn(pg, storeId, returnId, { state: 'received' });
      return 'received';
    }
    throw notYet(`the returned parcel is ${status}`, pollMs);
  },

  /** Ends a return: refunded, or lost. */
  async endReturn(input: ReturnInput & { state: 'refunded' | 'expired' }): Promise<void> {
    await moveReturn(pg, input.storeId, input.returnId, { state: input.state });
  },
});
