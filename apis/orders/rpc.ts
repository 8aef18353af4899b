// The Orders service: its handlers read the store and update workflows.
import type { ConnectRouter, HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { currencyOf } from '../../domain/money.ts';
import { isSameAddress } from '../../domain/order.ts';
import { factsOf, listFacts } from '../../db/postgres/orders/facts.ts';
import { listOrderEvents } from '../../db/postgres/orders/events.ts';
import {
  findOrderOfKey,
  listOrdersOf,
  orderById,
  type Order,
} from '../../db/postgres/orders/orders.ts';
import {
  putReturnSettings,
  returnSettingsOf as readReturnSettings,
} from '../../db/postgres/orders/return-settings.ts';
import { listReturns, type Return } from '../../db/postgres/orders/returns.ts';
import { listStoreOrders } from '../../db/postgres/orders/store-orders.ts';
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
  checkoutOf,
  orderIdOf,
  returnIdOf,
  returnRequestOf,
  returnSettingsOf,
  wireEvent,
  wireOrder,
  wireReturn,
  wireReturnSettings,
} from './shapes.ts';
import { storeOrdersPageOf } from './store-orders.ts';
import { updateOrder, UNTIL_ACCEPTED } from '../../workflows/client/orders.ts';
import { eventsOrViews, orderOrView, ordersOrViews } from './views.ts';

type Service = ServiceImpl<typeof OrdersService>;

/** The refusal of a call whose order exists: it ended, or its card was declined. */
const refusalIn = ({ endReason, nextAction }: Order) => {
  if (endReason) return { refusalCode: endReason.code, refusalMessage: endReason.message };
  if (nextAction?.kind !== 'another_card') return { refusalCode: '', refusalMessage: '' };
  return { refusalCode: 'CARD_DECLINED', refusalMessage: nextAction.message };
};

/** An order for its caller, with its refunds, dispute and parcels. */
const answered = async ({ pg }: OrdersDeps, order: Order) =>
  wireOrder(await pg.query('orders.facts', (db) => factsOf(db, order)));

const allAnswered = async ({ pg }: OrdersDeps, orders: Order[]) =>
  (await pg.query('orders.facts', (db) => listFacts(db, orders))).map(wireOrder);

const ownedOrder = async (
  deps: OrdersDeps,
  storeId: string,
  id: string,
  assertOwned: AssertOwned,
) => {
  const order = await orderById(deps.pg, storeId, id);
  assertOwned(order.principal);
  return answered(deps, order);
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
): Pick<
  Service,
  | 'getOrder'
  | 'findOrderByKey'
  | 'listOrders'
  | 'listStoreOrders'
  | 'listOrderEvents'
  | 'watchOrders'
> => ({
  async findOrderByKey({ principal, idempotencyKey: key }, context) {
    const { storeId } = callerOf(context);
    const order = await findOrderOfKey(deps.pg, { storeId, principal, key });
    return order ? { order: await answered(deps, order) } : {};
  },
  async getOrder({ orderId }, context) {
    const { storeId } = callerOf(context);
    const id = orderIdOf(orderId);
    const assertOwned = owning(context);
    const truth = ownedOrder(deps, storeId, id, assertOwned);
    return { order: await orderOrView(deps.cassandra, truth, { storeId, id, assertOwned }) };
  },
  async listOrders({ principal, before, limit }, context) {
    const { storeId } = callerOf(context);
    const page = { storeId, principal, before, limit };
    const truth = listOrdersOf(deps.pg, page).then((orders) => allAnswered(deps, orders));
    return { orders: await ordersOrViews(deps.cassandra, truth, page) };
  },
  async listStoreOrders(request, context) {
    const { storeId } = callerOf(context);
    const found = await listStoreOrders(deps.pg, storeOrdersPageOf(storeId, request, Date.now()));
    return { orders: await allAnswered(deps, found) };
  },
  watchOrders: (_request, { signal }) => deps.watch.follow(signal),
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
    return { order: await answered(deps, order), ...refusalIn(order) };
  },
  async confirmPayment({ orderId, paymentMethod, idempotencyKey: key }, context) {
    const { storeId, id } = await ownOrder(deps.pg, orderId, context);
    const order = await pay(deps, storeId, id, { paymentMethod, key });
    return { order: await answered(deps, order), ...(paymentMethod && refusalIn(order)) };
  },
  async cancelOrder({ orderId }, context) {
    const { storeId, id } = await ownOrder(deps.pg, orderId, context);
    return { order: await answered(deps, await cancel(deps, storeId, id)) };
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
    return { order: await answered(deps, await orderById(deps.pg, storeId, id)) };
  },
});

const returnHandlers = (
  deps: OrdersDeps,
): Pick<Service, 'requestReturn' | 'getReturn' | 'listReturns'> => {
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
    async listReturns({ orderId }, context) {
      const { storeId, id } = await ownOrder(deps.pg, orderId, context);
      const currency = currencyOf((await orderById(deps.pg, storeId, id)).currency);
      const returns = await listReturns(deps.pg, id);
      return { returns: returns.map((one) => wireReturn(one, currency)) };
    },
  };
};

const settingsHandlers = ({
  pg,
}: OrdersDeps): Pick<Service, 'getReturnSettings' | 'putReturnSettings'> => ({
  async getReturnSettings(_request, context) {
    return {
      settings: wireReturnSettings(await readReturnSettings(pg, callerOf(context).storeId)),
    };
  },
  async putReturnSettings({ settings }, context) {
    const { storeId } = callerOf(context);
    await putReturnSettings(pg, storeId, returnSettingsOf(settings));
    return { settings: wireReturnSettings(await readReturnSettings(pg, storeId)) };
  },
});

export const ordersRpc = (deps: OrdersDeps) => (router: ConnectRouter) =>
  router.service(OrdersService, {
    ...readHandlers(deps),
    ...changeHandlers(deps),
    ...returnHandlers(deps),
    ...settingsHandlers(deps),
  });
