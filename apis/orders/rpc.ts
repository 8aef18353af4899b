// The Orders service: checks each request's shape, asks store and story, answers.
import type { ConnectRouter, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { currencyOf } from '../../domain/money.ts';
import { isSameAddress } from '../../domain/order.ts';
import { listOrderEvents } from '../../db/postgres/orders/events.ts';
import {
  findOrderOfKey,
  listOrdersOf,
  orderById,
  type Order,
} from '../../db/postgres/orders/orders.ts';
import { listRefunds } from '../../db/postgres/orders/refunds.ts';
import type { Return } from '../../db/postgres/orders/returns.ts';
import { invalid } from '../../domain/errors.ts';
import { OrdersService } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { changeAddress } from '../../workflows/fulfill-order.contract.ts';
import { callerOf } from '../rpc/server.ts';
import { cancel } from './cancel.ts';
import { ownOrder, owning, type AssertOwned } from './owners.ts';
import { pay } from './pay.ts';
import { place, type OrdersDeps } from './place.ts';
import { returnOf, takeReturn } from './returns.ts';
import {
  addressOf,
  cardOf,
  checkoutOf,
  orderIdOf,
  returnIdOf,
  returnRequestOf,
  wireEvent,
  wireOrder,
  wireReturn,
} from './shapes.ts';
import { updateOrder, UNTIL_ACCEPTED } from '../../workflows/client/orders.ts';
import { eventsOrViews, orderOrView, ordersOrViews } from './views.ts';

const LIMIT_MAX = 100;

type Service = ServiceImpl<typeof OrdersService>;

/** Why the caller is refused although the order exists: it ended, or its card did not do. */
const refusalIn = ({ endReason, nextAction }: Order) => {
  if (endReason) return { refusalCode: endReason.code, refusalMessage: endReason.message };
  if (nextAction?.kind !== 'another_card') return { refusalCode: '', refusalMessage: '' };
  return { refusalCode: 'CARD_DECLINED', refusalMessage: nextAction.message };
};

const limitOf = (limit: number): number => {
  if (limit < 1 || limit > LIMIT_MAX) throw invalid('limit', `must be 1 to ${LIMIT_MAX}`);
  return limit;
};

const wholeOrder = async (
  { pg }: OrdersDeps,
  storeId: string,
  id: string,
  assertOwned: AssertOwned,
) => {
  const order = await orderById(pg, storeId, id);
  assertOwned(order.principal);
  const refunds = order.paymentStatus === 'none' ? [] : await listRefunds(pg, order.id);
  return wireOrder(order, refunds);
};

const wireEvents = async (
  { pg }: OrdersDeps,
  orderId: string,
  after: number,
  context: HandlerContext,
) => {
  const { storeId, id } = await ownOrder(pg, orderId, context);
  const events = await listOrderEvents(pg, storeId, id, after);
  if (events.length === 0) await orderById(pg, storeId, id);
  return events.map(wireEvent);
};

const readHandlers = (
  deps: OrdersDeps,
): Pick<Service, 'getOrder' | 'findOrderByKey' | 'listOrders' | 'listOrderEvents'> => ({
  async findOrderByKey({ principal, idempotencyKey: key }, context) {
    const { storeId } = callerOf(context);
    const order = await findOrderOfKey(deps.pg, { storeId, principal, key });
    return order ? { order: wireOrder(order) } : {};
  },
  async getOrder({ orderId }, context) {
    const { storeId } = callerOf(context);
    const id = orderIdOf(orderId);
    const assertOwned = owning(context);
    const truth = wholeOrder(deps, storeId, id, assertOwned);
    return { order: await orderOrView(deps.cassandra, truth, { storeId, id, assertOwned }) };
  },
  async listOrders({ principal, before, limit }, context) {
    const { storeId } = callerOf(context);
    const page = { storeId, principal, before, limit: limitOf(limit) };
    const truth = listOrdersOf(deps.pg, page).then((orders) =>
      orders.map((order) => wireOrder(order)),
    );
    return { orders: await ordersOrViews(deps.cassandra, truth, page) };
  },
  async listOrderEvents({ orderId, afterSequence: after }, context) {
    const { storeId } = callerOf(context);
    const id = orderIdOf(orderId);
    const truth = wireEvents(deps, orderId, after, context);
    const input = { storeId, id, after, assertOwned: owning(context) };
    return { events: await eventsOrViews(deps.cassandra, truth, input) };
  },
});

const changeHandlers = (
  deps: OrdersDeps,
): Pick<Service, 'placeOrder' | 'confirmPayment' | 'cancelOrder' | 'changeAddress'> => ({
  async placeOrder(request, context) {
    const order = await place(deps, checkoutOf(callerOf(context).storeId, request));
    return { order: wireOrder(order), ...refusalIn(order) };
  },
  async confirmPayment({ orderId, paymentMethod, idempotencyKey: key }, context) {
    const card = cardOf(paymentMethod);
    const { storeId, id } = await ownOrder(deps.pg, orderId, context);
    const order = await pay(deps, storeId, id, { paymentMethod: card, key });
    return { order: wireOrder(order), ...(card && refusalIn(order)) };
  },
  async cancelOrder({ orderId }, context) {
    const { storeId, id } = await ownOrder(deps.pg, orderId, context);
    return { order: wireOrder(await cancel(deps, storeId, id)) };
  },
  async changeAddress({ orderId, shippingAddress }, context) {
    const { storeId, id } = await ownOrder(deps.pg, orderId, context);
    const address = addressOf(shippingAddress);
    const before = await orderById(deps.pg, storeId, id);
    if (!isSameAddress(before.shippingAddress, address)) {
      await updateOrder(deps, id, (workflow) =>
        workflow.startUpdate(changeAddress, { ...UNTIL_ACCEPTED, args: [address] }),
      );
    }
    return { order: wireOrder(await orderById(deps.pg, storeId, id)) };
  },
});

const returnHandlers = (deps: OrdersDeps): Pick<Service, 'requestReturn' | 'getReturn'> => {
  const shown = async (storeId: string, found: Return) => {
    const { currency } = await orderById(deps.pg, storeId, found.orderId);
    return { return: wireReturn(found, currencyOf(currency)) };
  };
  return {
    async requestReturn(request, context) {
      const { storeId } = await ownOrder(deps.pg, request.orderId, context);
      return shown(storeId, await takeReturn(deps, returnRequestOf(storeId, request)));
    },
    async getReturn({ orderId, returnId }, context) {
      const { storeId, id } = await ownOrder(deps.pg, orderId, context);
      return shown(storeId, await returnOf(deps, storeId, id, returnIdOf(returnId)));
    },
  };
};

export const ordersRpc = (deps: OrdersDeps) => (router: ConnectRouter) =>
  router.service(OrdersService, {
    ...readHandlers(deps),
    ...changeHandlers(deps),
    ...returnHandlers(deps),
  });
