// Returns for shoppers: ask for one, and see how far it is.
import { createHash } from 'node:crypto';
import type { Return } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { json, route, type Ask, type Route } from '../http/routes.ts';
import { allowedOrderId, keyOf, type OrderDoor } from './orders.ts';
import { callHeaders } from './owners.ts';
import { returnBody, shownReturn } from './shapes.ts';

const shown = (found: Return | undefined, status = 200): Response => {
  if (!found) throw new Error('Orders answered without a return');
  const location = `/orders/${found.orderId}/returns/${found.id}`;
  const headers = { 'cache-control': 'no-store', ...(status === 201 && { location }) };
  return json(shownReturn(found), status, headers);
};

/** Without a key of the caller's the same lines and reason are the same return. */
const returnKey = ({ request, body }: Pick<Ask, 'request' | 'body'>): string =>
  request.headers.has('idempotency-key')
    ? keyOf(request)
    : createHash('sha256').update(JSON.stringify(body)).digest('hex');

export const returnRoutes = ({ orders, access }: OrderDoor): Route[] => [
  route({
    method: 'post',
    path: '/orders/:id/returns',
    summary: 'Send units back; the same key, or without one the same body, is the same return.',
    needs: 'own-order',
    body: returnBody,
    answers: { 201: 'the return', 409: 'RETURN_REFUSED' },
    answer: async (ask) => {
      const orderId = allowedOrderId(access, ask);
      const asked = { orderId, idempotencyKey: returnKey(ask), ...ask.body };
      return shown((await orders.requestReturn(asked, callHeaders(ask.principal))).return, 201);
    },
  }),
  route({
    method: 'get',
    path: '/orders/:id/returns/:returnId',
    summary: 'How far a return is.',
    needs: 'own-order',
    answers: { 200: 'the return' },
    answer: async (ask) => {
      const orderId = allowedOrderId(access, ask);
      const returnId = ask.params['returnId'] ?? '';
      return shown(
        (await orders.getReturn({ orderId, returnId }, callHeaders(ask.principal))).return,
      );
    },
  }),
];
