// Orders for shoppers: place one, look at it, pay, cancel.
import type { Client } from '@connectrpc/connect';
import { DomainError, invalid, isErrorCode } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { looksLikeCardNumber } from '../../domain/payment.ts';
import type { OrdersService } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { Order } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { OrderAccess } from '../http/access.ts';
import { json, route, type Ask, type Route } from '../http/routes.ts';
import { callHeaders, ownerOf } from './owners.ts';
import {
  addressBody,
  emptyBody,
  orderBody,
  paymentBody,
  shownNextAction,
  shownOrder,
  wireAddress,
  wireCheckout,
} from './shapes.ts';

/** Statuses whose checkout can already be answered; the others are still being decided. */
const UNDECIDED = ['accepted', 'awaiting_payment'];

export interface OrderDoor {
  orders: Client<typeof OrdersService>;
  access: OrderAccess;
}

/** The caller's key; IDEMPOTENCY_KEY_MISSING, CARD_DATA_FORBIDDEN. */
export const keyOf = (request: Request): string => {
  const key = request.headers.get('idempotency-key') ?? '';
  // Only a key of nothing but digits: some random UUIDs would pass Luhn's check.
  if (/^[\d-]+$/.test(key) && looksLikeCardNumber(key)) {
    throw new DomainError('CARD_DATA_FORBIDDEN', 'a card number must never be sent here');
  }
  if (/^[\x21-\x7e]{16,128}$/.test(key)) return key;
  throw new DomainError(
    'IDEMPOTENCY_KEY_MISSING',
    'send an Idempotency-Key of 16 to 128 printable ASCII characters',
  );
};

/** A refused order still exists: the problem names it, gives its token, and says what next. */
const refusal = (order: Order, code: string, message: string, accessToken: string): DomainError => {
  const known = isErrorCode(code) ? code : 'ILLEGAL_TRANSITION';
  return new DomainError(known, message, {
    facts: {
      order: { id: order.id, status: order.status },
      accessToken,
      ...(order.nextAction && { nextAction: shownNextAction(order.nextAction) }),
    },
  });
};

/** NOT_FOUND unless the caller may see the order of this path; an account's are Orders' to say. */
export const allowedOrderId = (access: OrderAccess, { params, principal }: Ask): string => {
  const id = params['id'] ?? '';
  if (principal.kind === 'guest') access.assertToken(principal.orderToken, id);
  else if (principal.kind !== 'account' || !isId('order', id)) {
    throw new DomainError('NOT_FOUND', 'no such order');
  }
  return id;
};

const placeRoute = ({ orders, access }: OrderDoor): Route =>
  route({
    method: 'post',
    path: '/orders',
    summary: 'Place an order; the same key and body join the first call.',
    needs: 'shop',
    body: orderBody,
    answers: { 201: 'decided', 202: 'not decided yet', 402: 'CARD_DECLINED', 409: 'OUT_OF_STOCK' },
    answer: async ({ body, request, principal }) => {
      const email = body.email ?? (principal.kind === 'account' ? principal.email : undefined);
      if (email === undefined) throw invalid('email', 'is needed');
      const owner = ownerOf(principal, email);
      const { order, refusalCode, refusalMessage } = await orders.placeOrder(
        wireCheckout({ ...body, email }, keyOf(request), owner),
        callHeaders(principal),
      );
      if (!order) throw new Error('Orders answered without an order');
      const token = access.tokenOf(order.id);
      if (refusalCode) throw refusal(order, refusalCode, refusalMessage, token);
      const status = UNDECIDED.includes(order.status) ? 202 : 201;
      return json(shownOrder(order, token), status, { location: `/orders/${order.id}` });
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
      body: paymentBody,
      answers: { 200: 'the order', 402: 'CARD_DECLINED', 409: 'ILLEGAL_TRANSITION' },
      answer: async (ask) => {
        const orderId = allowedOrderId(access, ask);
        const paymentMethod = ask.body.paymentMethod ?? '';
        const hasKey = ask.request.headers.has('idempotency-key');
        const idempotencyKey = hasKey ? keyOf(ask.request) : '';
        const asked = { orderId, paymentMethod, idempotencyKey };
        const answer = await orders.confirmPayment(asked, callHeaders(ask.principal));
        const { order, refusalCode, refusalMessage } = answer;
        if (!order || refusalCode === '') return shown(order);
        throw refusal(order, refusalCode, refusalMessage, access.tokenOf(orderId));
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
      answers: {
        200: 'the order, cancelled',
        202: 'it will be cancelled, unless packing has just begun',
        409: 'ILLEGAL_TRANSITION',
      },
      answer: async (ask) => {
        const orderId = allowedOrderId(access, ask);
        const { order } = await orders.cancelOrder({ orderId }, callHeaders(ask.principal));
        return shown(order, order?.status === 'cancelled' ? 200 : 202);
      },
    }),
    route({
      method: 'put',
      path: '/orders/:id/address',
      summary: 'Send it elsewhere; possible until the parcel is being booked.',
      needs: 'own-order',
      body: addressBody,
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
