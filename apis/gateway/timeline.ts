// Serves an order's timeline, as JSON at once or live as server-sent events.
import { DomainError } from '../../domain/errors.ts';
import { isEnding, ORDER_STATUSES, type OrderStatus } from '../../domain/order.ts';
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import type { Principal } from '../http/principals.ts';
import { jsonOr, reply, route, type Route, type RouteInput } from '../http/routes.ts';
import type { OrderDeps } from './order-calls.ts';
import { allowedOrderId } from './orders.ts';
import { callHeaders } from './owners.ts';
import { statusOf, toEventResponse, type EventResponse } from './shapes.ts';
import { eventsResponse } from './responses.ts';

/**
 * A follower looks this often without a change, at its order and whether it still may. What it then
 * writes keeps the connection, which may be idle for twice as long.
 */
const LOOK_MS = 15_000;
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

interface Followed {
  orderId: string;
  /** The caller, whose session or token may have ended since. */
  principal: Principal;
  afterSequence: number;
}

/** The next events, at most EVENTS_PAGE_MAX. */
export const eventsAfter = async (
  { orders }: Pick<OrderDeps, 'orders'>,
  { orderId, principal, afterSequence }: Followed,
): Promise<EventResponse[]> => {
  const request = { orderId, afterSequence };
  const { events } = await orders.listOrderEvents(request, callHeaders(principal));
  return events.map(toEventResponse);
};

/** False once the caller may no longer see the order; true while that cannot be found out. */
const isStillAllowed = async (
  { access }: OrderDeps,
  input: RouteInput,
  followed: Followed,
): Promise<boolean> => {
  try {
    followed.principal = await input.authenticate();
    return allowedOrderId(access, { ...input, principal: followed.principal }) !== '';
  } catch (error) {
    if (error instanceof DomainError) return error.code === 'UNAVAILABLE';
    throw error;
  }
};

/** Sends what is new; true when the order has ended, and nothing is left to send. */
const sendNew = async (
  stream: SSEStreamingApi,
  followed: Followed,
  events: EventResponse[],
): Promise<boolean> => {
  for (const event of events) {
    followed.afterSequence = event.sequence;
    const data = JSON.stringify(event);
    await stream.writeSSE({ id: String(event.sequence), event: event.type, data });
  }
  return events.some(({ type }) => ENDING_EVENTS.has(type));
};

/** A follower stays through an outage of Orders: a browser gives up after a failed reconnect. */
const noneWhileAway = (error: unknown): EventResponse[] => {
  if (error instanceof DomainError && error.code === 'UNAVAILABLE') return [];
  throw error;
};

/** Sends events until the order has ended or the follower is gone or may no longer see it. */
const follow = async (
  stream: SSEStreamingApi,
  deps: OrderDeps,
  input: RouteInput,
  followed: Followed,
): Promise<void> => {
  const until = Date.now() + FOLLOW_MS_MAX;
  // Followers reconnect to another process when this one ends.
  const isOver = (): boolean =>
    Date.now() > until || stream.aborted || input.request.signal.aborted || deps.draining.aborted;
  const follower = deps.changes.follow(followed.orderId);
  stream.onAbort(follower.wake);
  input.request.signal.addEventListener('abort', follower.wake);
  try {
    while (!isOver()) {
      const events = await eventsAfter(deps, followed).catch(noneWhileAway);
      if (await sendNew(stream, followed, events)) return;
      if (events.length === 0) await stream.write(': still here\n\n');
      await follower.changed(LOOK_MS);
      if (!(await isStillAllowed(deps, input, followed))) return;
    }
  } finally {
    follower.end();
  }
};

/** Follows from the last event that the caller has seen; 204 where none will come any more. */
const followedLive = async (
  deps: OrderDeps,
  input: RouteInput,
  orderId: string,
): Promise<Response> => {
  const { c, principal, request } = input;
  const followed = { orderId, principal, afterSequence: lastSeen(request) };
  const { order } = await deps.orders.getOrder({ orderId }, callHeaders(principal));
  const hasEnded = order !== undefined && isEnding(statusOf(order));
  c.header('cache-control', 'no-store');
  if (!hasEnded) return streamSSE(c, (stream) => follow(stream, deps, input, followed));
  // An EventSource reconnects after each end, but not after a 204 (HTML, 9.2.3).
  const events = await eventsAfter(deps, followed);
  if (events.length === 0) return c.body(null, 204);
  return streamSSE(c, async (stream) => void (await sendNew(stream, followed, events)));
};

export const timelineRoute = (deps: OrderDeps): Route =>
  route({
    method: 'get',
    path: '/orders/:id/events',
    kind: 'follow',
    summary: 'The timeline; with Accept: text/event-stream it is followed live.',
    needs: 'own-order',
    response: jsonOr(eventsResponse, 'text/event-stream'),
    statuses: {
      200: 'events, oldest first',
      204: 'nothing is left to follow: the order has ended, and Last-Event-ID is its last',
    },
    handler: async (input) => {
      const orderId = allowedOrderId(deps.access, input);
      const wantsStream = input.request.headers.get('accept')?.includes('text/event-stream');
      if (wantsStream) return followedLive(deps, input, orderId);
      const { principal } = input;
      const events = await eventsAfter(deps, { orderId, principal, afterSequence: 0 });
      return reply({ events }, 200, { 'cache-control': 'no-store' });
    },
  });
