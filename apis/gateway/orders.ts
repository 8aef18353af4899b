// Routes of a shopper's orders: place, read, pay, cancel.
import type { OrderStatus } from '../../domain/order.ts';
import type { Order } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import type { OrderAccess } from '../http/access.ts';
import { NEEDS_ORDER_KEY, TAKES_ORDER_KEY } from '../http/idempotency-keys.ts';
import { operatorOf } from '../http/principals.ts';
import {
  NO_CONTENT,
  noContent,
  reply,
  route,
  type RouteInput,
  type Route,
} from '../http/routes.ts';
import {
  allowedOrder,
  cancelOrder,
  findOrder,
  idempotencyKey,
  payOrder,
  placeOrder,
  type OrderDeps,
} from './order-calls.ts';
import { callHeaders } from './owners.ts';
import {
  addressBody,
  emptyBody,
  idOf,
  orderBody,
  paymentBody,
  statusOf,
  toOrderResponse,
  wireAddress,
} from './shapes.ts';
import { orderResponse } from './responses.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

/** Statuses whose checkout can already be answered; the others are still being decided. */
const UNDECIDED: readonly OrderStatus[] = ['accepted', 'awaiting_payment'];

/** The header's key; IDEMPOTENCY_KEY_MISSING, INVALID_INPUT, CARD_DATA_FORBIDDEN. */
export const keyOf = (request: Request, min?: number): string =>
  idempotencyKey(request.headers.get(IDEMPOTENCY_KEY_HEADER) ?? '', min);

/** The header's key, where it is optional. */
export const optionalKeyOf = (request: Request, min?: number): string | undefined =>
  request.headers.has(IDEMPOTENCY_KEY_HEADER) ? keyOf(request, min) : undefined;

/** 201 when a checkout is decided, 202 while it is not. */
export const decidedStatus = (order: Order): number =>
  UNDECIDED.includes(statusOf(order)) ? 202 : 201;

/** NOT_FOUND unless the caller may see the order of this path. */
export const allowedOrderId = (access: OrderAccess, { params, principal }: RouteInput): string =>
  allowedOrder(access, principal, params['id'] ?? '');

const placeRoute = (deps: OrderDeps): Route =>
  route({
    method: 'post',
    path: '/orders',
    summary: 'Place an order; the same key and body join the first call.',
    needs: 'shop',
    kind: 'checkout',
    body: orderBody,
    headers: NEEDS_ORDER_KEY,
    response: orderResponse,
    statuses: {
      201: 'decided',
      202: 'not decided yet',
      402: 'CARD_DECLINED',
      409: 'OUT_OF_STOCK, PRICE_CHANGED or QUANTITY_LIMITED',
    },
    handler: async (input) => {
      const order = await placeOrder(deps, input, input.body, keyOf(input.request));
      const headers = { location: `/orders/${idOf(order)}`, 'cache-control': 'no-store' };
      return reply(
        toOrderResponse(order, deps.access.placedTokenOf(idOf(order))),
        decidedStatus(order),
        headers,
      );
    },
  });

const showing =
  ({ access }: OrderDeps) =>
  (order: Order | undefined, status = 200) => {
    if (!order) throw new Error('Orders answered without an order');
    const headers = { 'cache-control': 'no-store' };
    return reply(toOrderResponse(order, access.tokenOf(idOf(order))), status, headers);
  };

/** Reading and paying. */
const payRoutes = (deps: OrderDeps): Route[] => {
  const { orders, access } = deps;
  const shown = showing(deps);
  return [
    route({
      method: 'get',
      path: '/orders/:id',
      summary: 'An order, for holders of its token and for its account.',
      needs: 'own-order',
      response: orderResponse,
      statuses: { 200: 'the order' },
      handler: async (input) => {
        const orderId = allowedOrderId(access, input);
        return shown((await orders.getOrder({ orderId }, callHeaders(input.principal))).order);
      },
    }),
    route({
      method: 'post',
      path: '/orders/:id/payment',
      summary: 'Read the payment again after 3-D Secure, or try the named card.',
      needs: 'own-order',
      kind: 'checkout',
      body: paymentBody,
      headers: TAKES_ORDER_KEY,
      response: orderResponse,
      statuses: { 200: 'the order', 402: 'CARD_DECLINED', 409: 'ILLEGAL_TRANSITION' },
      handler: async (input) => {
        const paymentMethod = input.body.paymentMethod ?? '';
        const key = optionalKeyOf(input.request) ?? '';
        const orderId = allowedOrderId(access, input);
        return shown(await payOrder(deps, input, orderId, { paymentMethod, key }));
      },
    }),
  ];
};

/** Changes that are possible until packing. */
const changeRoutes = (deps: OrderDeps): Route[] => {
  const { orders, access } = deps;
  const shown = showing(deps);
  return [
    route({
      method: 'post',
      path: '/orders/:id/cancel',
      summary: 'Cancel; possible until packing has begun.',
      needs: 'own-order',
      body: emptyBody,
      response: orderResponse,
      statuses: {
        200: 'the order, cancelled',
        202: 'it will be cancelled, unless packing has just begun',
        409: 'ILLEGAL_TRANSITION',
      },
      handler: async (input) => {
        const order = await cancelOrder(deps, input, allowedOrderId(access, input));
        return shown(order, statusOf(order) === 'cancelled' ? 200 : 202);
      },
    }),
    route({
      method: 'put',
      path: '/orders/:id/address',
      summary: 'Change the address; possible until the parcel is being booked.',
      needs: 'own-order',
      body: addressBody,
      response: orderResponse,
      statuses: { 200: 'the order', 409: 'ILLEGAL_TRANSITION' },
      handler: async (input) => {
        const orderId = allowedOrderId(access, input);
        const shippingAddress = wireAddress(input.body.shippingAddress);
        const changed = await orders.changeAddress(
          { orderId, shippingAddress },
          callHeaders(input.principal),
        );
        return shown(changed.order);
      },
    }),
  ];
};

const newTokenResponse = orderResponse.pick({ id: true, accessToken: true });

/** A token that others may have seen; a guest's order is reached with the response's token only. */
const tokenRoutes = (deps: OrderDeps): Route[] => [
  route({
    method: 'post',
    path: '/orders/:id/revoke-token',
    summary: "End the order's access token; the response has the next one.",
    needs: 'own-order',
    body: emptyBody,
    response: newTokenResponse,
    statuses: { 200: 'the next token' },
    handler: async (input) => {
      const { access } = deps;
      const id = allowedOrderId(access, input);
      await findOrder(deps, input, id);
      const by = input.principal.kind === 'account' ? input.principal.accountId : 'guest';
      await access.revoke(id, by);
      return reply({ id, accessToken: access.tokenOf(id) }, 200, { 'cache-control': 'no-store' });
    },
  }),
  route({
    method: 'post',
    path: '/recovery/orders/:id/revoke-token',
    summary: "End an order's access token; an account of the shopper goes on.",
    needs: 'recovery',
    body: emptyBody,
    response: NO_CONTENT,
    statuses: { 204: 'the token is revoked' },
    handler: async (input) => {
      const order = await findOrder(deps, input, input.params['id'] ?? '');
      await deps.access.revoke(idOf(order), operatorOf(input.principal));
      return noContent;
    },
  }),
];

export const orderRoutes = (deps: OrderDeps): Route[] => [
  placeRoute(deps),
  ...payRoutes(deps),
  ...changeRoutes(deps),
  ...tokenRoutes(deps),
];
