// Orders for shoppers over HTTP: place one, look at it, pay, cancel.
import type { Order } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { OrderAccess } from '../http/access.ts';
import { json, route, type Ask, type Route } from '../http/routes.ts';
import {
  allowedOrder,
  cancelOrder,
  idempotencyKey,
  payOrder,
  placeOrder,
  type OrderDoor,
} from './order-calls.ts';
import { callHeaders } from './owners.ts';
import {
  addressBody,
  emptyBody,
  NEEDS_KEY,
  orderBody,
  paymentBody,
  shownOrder,
  TAKES_KEY,
  wireAddress,
} from './shapes.ts';
import { orderShown } from './shown.ts';

/** Statuses whose checkout can already be answered; the others are still being decided. */
const UNDECIDED = ['accepted', 'awaiting_payment'];

/** The header's key; IDEMPOTENCY_KEY_MISSING, CARD_DATA_FORBIDDEN. */
export const keyOf = (request: Request): string =>
  idempotencyKey(request.headers.get('idempotency-key') ?? '');

/** The header's key where there may be none. */
export const optionalKeyOf = (request: Request): string | undefined =>
  request.headers.has('idempotency-key') ? keyOf(request) : undefined;

/** 201 when a checkout is decided, 202 while it is not. */
export const decidedStatus = ({ status }: Order): number =>
  UNDECIDED.includes(status) ? 202 : 201;

/** NOT_FOUND unless the caller may see the order of this path. */
export const allowedOrderId = (access: OrderAccess, { params, principal }: Ask): string =>
  allowedOrder(access, principal, params['id'] ?? '');

const placeRoute = (door: OrderDoor): Route =>
  route({
    method: 'post',
    path: '/orders',
    summary: 'Place an order; the same key and body join the first call.',
    needs: 'shop',
    kind: 'checkout',
    body: orderBody,
    headers: NEEDS_KEY,
    shows: orderShown,
    answers: { 201: 'decided', 202: 'not decided yet', 402: 'CARD_DECLINED', 409: 'OUT_OF_STOCK' },
    answer: async (ask) => {
      const order = await placeOrder(door, ask, ask.body, keyOf(ask.request));
      const headers = { location: `/orders/${order.id}`, 'cache-control': 'no-store' };
      return json(shownOrder(order, door.access.tokenOf(order.id)), decidedStatus(order), headers);
    },
  });

const showing =
  ({ access }: OrderDoor) =>
  (order: Order | undefined, status = 200): Response => {
    if (!order) throw new Error('Orders answered without an order');
    const headers = { 'cache-control': 'no-store' };
    return json(shownOrder(order, access.tokenOf(order.id)), status, headers);
  };

/** Reading and paying. */
const payRoutes = (door: OrderDoor): Route[] => {
  const { orders, access } = door;
  const shown = showing(door);
  return [
    route({
      method: 'get',
      path: '/orders/:id',
      summary: 'An order, for whoever has its token.',
      needs: 'own-order',
      shows: orderShown,
      answers: { 200: 'the order' },
      answer: async (ask) => {
        const orderId = allowedOrderId(access, ask);
        return shown((await orders.getOrder({ orderId }, callHeaders(ask.principal))).order);
      },
    }),
    route({
      method: 'post',
      path: '/orders/:id/payment',
      summary: 'Look again after 3-D Secure, or try the card that is named.',
      needs: 'own-order',
      kind: 'checkout',
      body: paymentBody,
      headers: TAKES_KEY,
      shows: orderShown,
      answers: { 200: 'the order', 402: 'CARD_DECLINED', 409: 'ILLEGAL_TRANSITION' },
      answer: async (ask) => {
        const paymentMethod = ask.body.paymentMethod ?? '';
        const key = optionalKeyOf(ask.request) ?? '';
        const orderId = allowedOrderId(access, ask);
        return shown(await payOrder(door, ask, orderId, { paymentMethod, key }));
      },
    }),
  ];
};

/** Changes that are possible until packing. */
const changeRoutes = (door: OrderDoor): Route[] => {
  const { orders, access } = door;
  const shown = showing(door);
  return [
    route({
      method: 'post',
      path: '/orders/:id/cancel',
      summary: 'Cancel; possible until packing has begun.',
      needs: 'own-order',
      body: emptyBody,
      shows: orderShown,
      answers: {
        200: 'the order, cancelled',
        202: 'it will be cancelled, unless packing has just begun',
        409: 'ILLEGAL_TRANSITION',
      },
      answer: async (ask) => {
        const order = await cancelOrder(door, ask, allowedOrderId(access, ask));
        return shown(order, order.status === 'cancelled' ? 200 : 202);
      },
    }),
    route({
      method: 'put',
      path: '/orders/:id/address',
      summary: 'Send it elsewhere; possible until the parcel is being booked.',
      needs: 'own-order',
      body: addressBody,
      shows: orderShown,
      answers: { 200: 'the order', 409: 'ILLEGAL_TRANSITION' },
      answer: async (ask) => {
        const orderId = allowedOrderId(access, ask);
        const shippingAddress = wireAddress(ask.body.shippingAddress);
        const changed = await orders.changeAddress(
          { orderId, shippingAddress },
          callHeaders(ask.principal),
        );
        return shown(changed.order);
      },
    }),
  ];
};

export const orderRoutes = (door: OrderDoor): Route[] => [
  placeRoute(door),
  ...payRoutes(door),
  ...changeRoutes(door),
];
