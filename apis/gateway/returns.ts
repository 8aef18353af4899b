// Returns for shoppers: ask for one, and see how far it is.
import type { Return } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { reply, route, type Reply, type Route } from '../http/routes.ts';
import { requestReturn, type OrderDeps } from './order-calls.ts';
import { allowedOrderId, optionalKeyOf } from './orders.ts';
import { callHeaders } from './owners.ts';
import { TAKES_ORDER_KEY } from '../http/idempotency-keys.ts';
import { returnBody, toReturnResponse } from './shapes.ts';
import { returnResponse, type ReturnResponse } from './responses.ts';

const shown = (found: Return | undefined, status = 200): Reply<ReturnResponse> => {
  if (!found) throw new Error('Orders answered without a return');
  const location = `/orders/${found.orderId}/returns/${found.id}`;
  const headers = { 'cache-control': 'no-store', ...(status === 201 && { location }) };
  return reply(toReturnResponse(found), status, headers);
};

export const returnRoutes = (deps: OrderDeps): Route[] => [
  route({
    method: 'post',
    path: '/orders/:id/returns',
    summary: 'Send units back; the same key, or without one the same body, is the same return.',
    needs: 'own-order',
    body: returnBody,
    headers: TAKES_ORDER_KEY,
    response: returnResponse,
    statuses: { 201: 'the return', 409: 'RETURN_REFUSED' },
    handler: async (input) => {
      const orderId = allowedOrderId(deps.access, input);
      const requested = { body: input.body, key: optionalKeyOf(input.request) };
      return shown(await requestReturn(deps, input, orderId, requested), 201);
    },
  }),
  route({
    method: 'get',
    path: '/orders/:id/returns/:returnId',
    summary: 'How far a return is.',
    needs: 'own-order',
    response: returnResponse,
    statuses: { 200: 'the return' },
    handler: async (input) => {
      const orderId = allowedOrderId(deps.access, input);
      const returnId = input.params['returnId'] ?? '';
      return shown(
        (await deps.orders.getReturn({ orderId, returnId }, callHeaders(input.principal))).return,
      );
    },
  }),
];
