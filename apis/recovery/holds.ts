// The route of holds: which orders hold the units of a sku now, and whose they are.
import { z } from 'zod';
import { timestampDate, type Timestamp } from '@bufbuild/protobuf/wkt';
import { listOrdersById } from '../../db/postgres/orders/reconciliation-breaks.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { orderIdOfReservation } from '../../domain/ids.ts';
import type { Hold } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { STORE_HEADER } from '../../domain/headers.ts';
import { skuText } from '../http/openapi/texts.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { NO_STORE, type RecoveryDeps } from './orders.ts';
import { holdsResponse } from './responses.ts';

const isoOf = (at: Timestamp | undefined): string => (at ? timestampDate(at).toISOString() : '');

const toHoldResponse = (
  { reservationId, quantity, createdAt, expiresAt }: Hold,
  orders: Map<string, Order>,
) => {
  const order = orders.get(orderIdOfReservation(reservationId));
  return {
    reservationId,
    quantity,
    since: isoOf(createdAt),
    until: isoOf(expiresAt),
    ...(order && {
      order: {
        id: order.id,
        status: order.status,
        principal: order.principal,
        email: order.email,
        ...(order.nextAction && { waitsFor: order.nextAction.kind }),
      },
    }),
  };
};

export const holdsRoute = ({ pg, inventory }: RecoveryDeps): Route =>
  route({
    method: 'get',
    path: '/recovery/holds',
    summary: 'What holds the units of a sku now, most units first, and whose order it is.',
    needs: 'recovery',
    query: z.strictObject({ sku: skuText }),
    response: holdsResponse,
    statuses: { 200: 'at most 100 holds, and the sums of all' },
    handler: async ({ query: { sku }, principal }) => {
      const headers = { [STORE_HEADER]: principal.storeId };
      const answer = await inventory.listHolds({ sku }, { headers });
      const { holds, holdsTotal, quantityTotal } = answer;
      const ids = holds.map(({ reservationId }) => orderIdOfReservation(reservationId));
      const found = await listOrdersById(pg, ids);
      const orders = new Map(found.map((order) => [order.id, order]));
      const items = holds.map((hold) => toHoldResponse(hold, orders));
      return reply({ sku, holds: holdsTotal, quantity: quantityTotal, items }, 200, NO_STORE);
    },
  });
