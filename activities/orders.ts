// Records an order's status changes, attentions and address changes before the workflow continues.
import type { Pg } from '../db/postgres/client.ts';
import { listParcels } from '../db/postgres/orders/parcels.ts';
import { DomainError } from '../domain/errors.ts';
import { isSameAddress } from '../domain/order.ts';
import {
  advanceOrder,
  clearAttention,
  noteOnOrder,
  raiseAttention,
} from '../db/postgres/orders/steps.ts';
import type { AttentionReason } from '../domain/attention.ts';
import type { Address, OrderEndReason, OrderStatus } from '../domain/order.ts';
import type { StockInput as OrderInput } from './stock.ts';

export const orderActivities = (pg: Pg) => ({
  /** Moves an order along its table; repeating a move changes nothing. ILLEGAL_TRANSITION. */
  async moveOrder(
    input: OrderInput & { status: OrderStatus; reason?: OrderEndReason },
  ): Promise<void> {
    const { orderId, storeId, status, reason } = input;
    await advanceOrder(pg, storeId, orderId, {
      status,
      nextAction: null,
      ...(reason && { endCode: reason.code, endMessage: reason.message, data: { ...reason } }),
    });
  },

  /** Raises an attention: the order waits for an operator. */
  async raiseAttention(input: OrderInput & { reason: AttentionReason }): Promise<void> {
    await raiseAttention(pg, input.storeId, input.orderId, input.reason);
  },

  /** Clears the attention; with a reason, only if it is that one. */
  async clearAttention(input: OrderInput & { reason?: AttentionReason }): Promise<void> {
    await clearAttention(pg, input.storeId, input.orderId, input.reason);
  },

  /** Changes the delivery address. ILLEGAL_TRANSITION once a parcel is booked. */
  async changeAddress(input: OrderInput & { address: Address }): Promise<void> {
    const { orderId, storeId, address } = input;
    const [booked] = await listParcels(pg, orderId);
    if (booked) {
      const which = `the parcel from ${booked.location} is booked to the present address`;
      throw new DomainError('ILLEGAL_TRANSITION', which);
    }
    const note = { type: 'AddressChanged', data: {}, set: { shippingAddress: address } };
    await noteOnOrder(pg, storeId, orderId, note, ({ shippingAddress }) =>
      isSameAddress(shippingAddress, address),
    );
  },
});
