// The Orders service: checkout, reading, cancelling, and news of a payment.
import type { ConnectRouter } from '@connectrpc/connect';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { listOrderEvents, orderById, type Order } from '../../db/postgres/orders.ts';
import { DomainError } from '../../domain/errors.ts';
import { assertMove, isEnding } from '../../domain/order.ts';
import { OrdersService } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import {
  cancelOrder,
  fulfillOrderId,
  paymentChanged,
} from '../../workflows/fulfill-order.contract.ts';
import { callerOf } from '../rpc/server.ts';
import { place, type OrdersParts } from './place.ts';
import { checkoutOf, orderIdOf, wireEvent, wireOrder } from './shapes.ts';

const UPDATE_LIMIT_MS = 4_000;

const isTooLate = (error: unknown): boolean =>
  error instanceof WorkflowUpdateFailedError &&
  error.cause instanceof ApplicationFailure &&
  error.cause.type === 'ILLEGAL_TRANSITION';

/** Asks the story to cancel; the answer is what Postgres says afterwards. */
const cancel = async (parts: OrdersParts, storeId: string, id: string): Promise<Order> => {
  const before = await orderById(parts.pg, storeId, id);
  if (before.status === 'cancelled') return before;
  assertMove(before.status, 'cancelled');
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(late.resolve, UPDATE_LIMIT_MS);
  const client = await parts.temporal.client().catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });
  });
  const asked = client.workflow
    .getHandle(fulfillOrderId(id))
    .executeUpdate(cancelOrder, { updateId: 'cancel' })
    .catch((cause: unknown) => {
      if (isTooLate(cause)) return;
      throw new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });
    });
  await Promise.race([asked, late.promise]).finally(() => clearTimeout(timer));
  const after = await orderById(parts.pg, storeId, id);
  if (after.status !== 'cancelled' && isEnding(after.status)) assertMove(after.status, 'cancelled');
  if (['packing', 'shipped'].includes(after.status)) assertMove(after.status, 'cancelled');
  return after;
};

/** Says "look again" to a story; the story reads the provider itself. */
export const tellPaymentChanged = async (parts: OrdersParts, orderId: string): Promise<void> => {
  const client = await parts.temporal.client();
  await client.workflow.getHandle(fulfillOrderId(orderId)).signal(paymentChanged);
};

export const ordersRpc = (parts: OrdersParts) => (router: ConnectRouter) =>
  router.service(OrdersService, {
    async placeOrder(request, context) {
      const order = await place(parts, checkoutOf(callerOf(context).storeId, request));
      const { endReason } = order;
      return {
        order: wireOrder(order),
        refusalCode: endReason?.code ?? '',
        refusalMessage: endReason?.message ?? '',
      };
    },
    async getOrder({ orderId }, context) {
      const order = await orderById(parts.pg, callerOf(context).storeId, orderIdOf(orderId));
      return { order: wireOrder(order) };
    },
    async listOrderEvents({ orderId, afterSequence }, context) {
      const { storeId } = callerOf(context);
      const id = orderIdOf(orderId);
      const events = await listOrderEvents(parts.pg, storeId, id, afterSequence);
      if (events.length === 0) await orderById(parts.pg, storeId, id);
      return { events: events.map(wireEvent) };
    },
    async confirmPayment({ orderId }, context) {
      const { storeId } = callerOf(context);
      const order = await orderById(parts.pg, storeId, orderIdOf(orderId));
      if (order.status === 'awaiting_payment') {
        await tellPaymentChanged(parts, order.id).catch((cause: unknown) => {
          throw new DomainError('UNAVAILABLE', 'orders cannot be changed just now', { cause });
        });
      }
      return { order: wireOrder(order) };
    },
    async cancelOrder({ orderId }, context) {
      const { storeId } = callerOf(context);
      return { order: wireOrder(await cancel(parts, storeId, orderIdOf(orderId))) };
    },
  });
