// Returns for shoppers: ask for one, and see how far it is.
import type { Return } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { json, route, type Route } from '../http/routes.ts';
import { requestReturn, type OrderDoor } from './order-calls.ts';
import { allowedOrderId, optionalKeyOf } from './orders.ts';
import { callHeaders } from './owners.ts';
import { returnBody, shownReturn, TAKES_KEY } from './shapes.ts';
import { returnShown } from './shown.ts';

const shown = (found: Return | undefined, status = 200): Response => {
  if (!found) throw new Error('Orders answered without a return');
  const location = `/orders/${found.orderId}/returns/${found.id}`;
  const headers = { 'cache-control': 'no-store', ...(status === 201 && { location }) };
  return json(shownReturn(found), status, headers);
};

export const returnRoutes = (door: OrderDoor): Route[] => [
  route({
    method: 'post',
    path: '/orders/:id/returns',
    summary: 'Send units back; the same key, or without one the same body, is the same return.',
    needs: 'own-order',
    body: returnBody,
    headers: TAKES_KEY,
    shows: returnShown,
    answers: { 201: 'the return', 409: 'RETURN_REFUSED' },
    answer: async (ask) => {
      const orderId = allowedOrderId(door.access, ask);
      const asked = { body: ask.body, key: optionalKeyOf(ask.request) };
      return shown(await requestReturn(door, ask, orderId, asked), 201);
    },
  }),
  route({
    method: 'get',
    path: '/orders/:id/returns/:returnId',
    summary: 'How far a return is.',
    needs: 'own-order',
    shows: returnShown,
    answers: { 200: 'the return' },
    answer: async (ask) => {
      const orderId = allowedOrderId(door.access, ask);
      const returnId = ask.params['returnId'] ?? '';
      return shown(
        (await door.orders.getReturn({ orderId, returnId }, callHeaders(ask.principal))).return,
      );
    },
  }),
];
