// Serves an order's timeline, as JSON at once or live as server-sent events.
import { isEnding, ORDER_STATUSES, type OrderStatus } from '../../domain/order.ts';
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import { jsonOr, reply, route, type Route, type RouteInput } from '../http/routes.ts';
import type { OrderDeps } from './order-calls.ts';
import { allowedOrderId } from './orders.ts';
import { callHeaders } from './owners.ts';
import { toEventResponse } from './shapes.ts';
import { eventsResponse } from './responses.ts';

const POLL_MS = 500;
const PING_EVERY_POLLS = 30;
/** A follower's connection ends after this; it reconnects with Last-Event-ID. */
const FOLLOW_MS_MAX = 30 * 60_000;

const ENDING_EVENTS = new Set(
  ORDER_STATUSES.filter((status: OrderStatus) => isEnding(status)).map(
    (status) =>
      `Order${status
        .split('_')
        .map((w) => w[0]?.toUpperCase() + w.slice(1))
        .join('')}`,
  ),
);

/** The last sequence number that a follower has seen; 0 when absent or invalid. */
const lastSeen = (request: Request): number => {
  const header = request.headers.get('last-event-id') ?? '';
  return /^\d{1,9}$/.test(header) ? Number(header) : 0;
};

/** Sends events until the order has ended or the follower disconnects. */
const follow = async (
  stream: SSEStreamingApi,
  deps: OrderDeps,
  { principal, request }: RouteInput,
  orderId: string,
): Promise<void> => {
  const until = Date.now() + FOLLOW_MS_MAX;
  // Followers reconnect to another process when this one ends.
  const isOver = (): boolean => stream.aborted || request.signal.aborted || deps.draining.aborted;
  let afterSequence = lastSeen(request);
  for (let polls = 1; Date.now() < until && !isOver(); polls++) {
    const listed = await deps.orders.listOrderEvents(
      { orderId, afterSequence },
      callHeaders(principal),
    );
    for (const event of listed.events.map(toEventResponse)) {
      afterSequence = event.sequence;
      const data = JSON.stringify(event);
      await stream.writeSSE({ id: String(event.sequence), event: event.type, data });
      if (ENDING_EVENTS.has(event.type)) return;
    }
    if (polls % PING_EVERY_POLLS === 0) await stream.write(': still here\n\n');
    await Bun.sleep(POLL_MS);
  }
};

export const timelineRoute = (deps: OrderDeps): Route =>
  route({
    method: 'get',
    path: '/orders/:id/events',
    kind: 'follow',
    summary: 'The timeline; with Accept: text/event-stream it is followed live.',
    needs: 'own-order',
    response: jsonOr(eventsResponse, 'text/event-stream'),
    statuses: { 200: 'events, oldest first' },
    handler: async (input) => {
      const orderId = allowedOrderId(deps.access, input);
      const wantsStream = input.request.headers.get('accept')?.includes('text/event-stream');
      if (wantsStream) {
        await deps.orders.getOrder({ orderId }, callHeaders(input.principal));
        const { c, request } = input;
        c.env.timeout?.(request, 0);
        c.header('cache-control', 'no-store');
        return streamSSE(c, (stream) => follow(stream, deps, input, orderId));
      }
      const request = { orderId, afterSequence: 0 };
      const { events } = await deps.orders.listOrderEvents(request, callHeaders(input.principal));
      return reply({ events: events.map(toEventResponse) }, 200, { 'cache-control': 'no-store' });
    },
  });
