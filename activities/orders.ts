// Records an order's status changes, attentions and address changes before the workflow continues.
import type { Pg } from '../db/postgres/client.ts';
import { listParcels } from '../db/postgres/orders/parcels.ts';
import type { NextAction } from '../domain/declines.ts';
import { DomainError } from '../domain/errors.ts';
import { isSameAddress } from '../domain/order.ts';
import {
  advanceOrder,
  clearAttention,
  noteOnOrder,
  raiseAttention,
} from '../db/postgres/orders/steps.ts';
import type { Attention } from '../domain/attention.ts';
import type { Address, OrderEndReason, OrderStatus } from '../domain/order.ts';
import type { StockInput as OrderInput } from './stock.ts';

export const orderActivities = (pg: Pg) => ({
  /** Moves an order along its table; repeating a move changes nothing. ILLEGAL_TRANSITION. */
  async moveOrder(
    input: OrderInput & { status: OrderStatus; reason?: OrderEndReason; nextAction?: NextAction },
  ): Promise<void> {
    const { orderId, storeId, status, reason, nextAction } = input;
    await advanceOrder(pg, storeId, orderId, {
      status,
      nextAction: nextAction ?? null,
      ...(nextAction && { data: { nextAction } }),
      ...(reason && { endCode: reason.code, endMessage: reason.message, data: { ...reason } }),
    });
  },

  /** Marks a step as waiting for an operator; returns the attention's id. */
  raiseAttention: (input: OrderInput & Omit<Attention, 'id' | 'since'>): Promise<string> => {
    const { orderId, storeId, ...raised } = input;
    return raiseAttention(pg, storeId, orderId, raised);
  },

  /** Clears an attention by its id. */
  clearAttention: ({ storeId, orderId, attentionId: id }: OrderInput & { attentionId: string }) =>
    clearAttention(pg, storeId, orderId, { id }),

  /** Records that a cancellation has begun which has to wait for a carrier. */
  async noteCancelRequested({ storeId, orderId }: OrderInput): Promise<void> {
    const set = { cancelRequestedAt: new Date() };
    const note = { type: 'OrderCancelRequested', data: {}, set };
    await noteOnOrder(pg, storeId, orderId, note, (order) => order.cancelRequestedAt !== undefined);
  },

  /** Records a cancellation that came too late and changed nothing. */
  async noteCancelTooLate(input: OrderInput & { status: OrderStatus }): Promise<void> {
    const { storeId, orderId, status } = input;
    const data = { code: 'CANCEL_TOO_LATE', status };
    await noteOnOrder(pg, storeId, orderId, { type: 'OrderCancelRefused', data });
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
