// Routes of a store's orders: the list with its filters, and one with all that its staff needs.
import { z } from 'zod';
import { emailInput } from '../../../domain/addresses/email.ts';
import { addressFrom, addressShape } from '../../../domain/addresses/postal.ts';
import { DomainError } from '../../../domain/errors.ts';
import {
  EVENTS_PAGE_MAX,
  NOTE_LENGTH_MAX,
  ORDER_STATUSES,
  PAYMENT_STATUSES,
} from '../../../domain/order.ts';
import { messageOf } from '../../../proto/fill.ts';
import type { Order } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { ListStoreOrdersRequestSchema } from '../../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { LIMIT_MAX, pageQuery } from '../../http/cursors.ts';
import { listReply } from '../../http/lists.ts';
import { cursorText, moment, skuText, words } from '../../http/openapi/texts.ts';
import type { Principal } from '../../http/principals.ts';
import { reply, route, type Route } from '../../http/routes.ts';
import type { OwnOrdersDeps } from '../own-orders.ts';
import { callHeaders } from '../owners.ts';
import {
  eventResponse,
  orderResponse,
  returnResponse,
  EVENTS_MAX,
  RETURNS_MAX,
} from '../responses.ts';
import { idOf, toOrderResponse, toReturnResponse, type EventResponse } from '../shapes.ts';
import { eventsAfter } from '../timeline.ts';
import { NO_STORE } from './keys.ts';

const TEXT_LENGTH_MAX = 200;

const storeOrder = orderResponse
  .omit({ accessToken: true, nextAction: true })
  .extend({
    email: words(TEXT_LENGTH_MAX),
    shippingAddress: addressShape,
    note: words(NOTE_LENGTH_MAX).optional().describe('From the shopper.'),
  })
  .meta({ title: 'StoreOrder' });

const storeOrders = z.object({
  items: z.array(storeOrder).max(LIMIT_MAX),
  nextCursor: cursorText.nullable(),
});

const wholeOrder = storeOrder
  .extend({
    returns: z.array(returnResponse).max(RETURNS_MAX).describe('Oldest first.'),
    events: z.array(eventResponse).max(EVENTS_MAX).describe('Its timeline, oldest first.'),
  })
  .meta({ title: 'WholeStoreOrder' });

const filters = pageQuery.extend({
  status: z.enum(ORDER_STATUSES).optional(),
  paymentStatus: z.enum(PAYMENT_STATUSES).optional(),
  attention: z.literal('true').optional().describe('Only those that need a person.'),
  email: emailInput.optional(),
  sku: skuText.optional(),
  q: z
    .string()
    .trim()
    .min(1)
    .max(TEXT_LENGTH_MAX)
    .optional()
    .describe("An order's id, or words of a recipient's name."),
  createdAfter: moment.optional().describe('Needed for several filters, at most 90 days ago.'),
  createdBefore: moment.optional(),
});

const toStoreOrder = (order: Order): z.output<typeof storeOrder> => {
  const { nextAction: _, accessToken: __, ...shown } = toOrderResponse(order);
  const { email = '', shippingAddress, note } = order.private ?? {};
  // The read model has nothing personal.
  if (!shippingAddress) throw new DomainError('UNAVAILABLE', 'the address is unavailable');
  const { $typeName: ___, $unknown: ____, ...texts } = shippingAddress;
  // Its client secret is the shopper's.
  const { clientSecret: _____, ...payment } = shown.payment;
  return {
    ...shown,
    payment,
    email,
    shippingAddress: addressFrom(texts, 'shippingAddress'),
    ...(note && { note }),
  };
};

const dateOf = (text: string | undefined): Date | undefined =>
  text === undefined ? undefined : new Date(text);

const listRoute = ({ orders, cursors }: OwnOrdersDeps): Route =>
  route({
    method: 'get',
    path: '/store/orders',
    summary: 'Orders of the store, newest first.',
    needs: 'orders:read',
    query: filters,
    response: storeOrders,
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query, principal, request }) => {
      const { limit, cursor } = query;
      const list = `store-orders/${principal.storeId}`;
      const wanted = messageOf(ListStoreOrdersRequestSchema, {
        status: query.status,
        paymentStatus: query.paymentStatus,
        needsAttention: query.attention === 'true',
        email: query.email,
        sku: query.sku,
        text: query.q,
        createdAfter: dateOf(query.createdAfter),
        createdBefore: dateOf(query.createdBefore),
        before: cursor && cursors.open(list, cursor),
        limit: limit + 1,
      });
      const { orders: items } = await orders.listStoreOrders(wanted, callHeaders(principal));
      const listing = { cursors, list, limit, items, request, positionOf: idOf };
      const page = listReply({ ...listing, toResponse: toStoreOrder });
      return { ...page, headers: { ...page.headers, ...NO_STORE } };
    },
  });

const allEvents = async (
  deps: OwnOrdersDeps,
  orderId: string,
  principal: Principal,
): Promise<EventResponse[]> => {
  const all: EventResponse[] = [];
  for (;;) {
    const afterSequence = all.at(-1)?.sequence ?? 0;
    const events = await eventsAfter(deps, { orderId, principal, afterSequence });
    all.push(...events);
    if (events.length < EVENTS_PAGE_MAX || all.length >= EVENTS_MAX) return all;
  }
};

const oneRoute = (deps: OwnOrdersDeps): Route =>
  route({
    method: 'get',
    path: '/store/orders/:id',
    summary: 'One of them, with its returns and its timeline.',
    needs: 'orders:read',
    response: wholeOrder,
    statuses: { 200: 'the order' },
    handler: async ({ params, principal }) => {
      const headers = callHeaders(principal);
      const orderId = params['id'] ?? '';
      const [{ order }, { returns }, events] = await Promise.all([
        deps.orders.getOrder({ orderId }, headers),
        deps.orders.listReturns({ orderId }, headers),
        allEvents(deps, orderId, principal),
      ]);
      if (!order) throw new Error('Orders answered without an order');
      const whole = {
        ...toStoreOrder(order),
        returns: returns.map(toReturnResponse),
        events,
      };
      return reply(whole, 200, NO_STORE);
    },
  });

export const storeOrderRoutes = (deps: OwnOrdersDeps): Route[] => [listRoute(deps), oneRoute(deps)];
