// An order's timeline: as JSON at once, or followed live as server-sent events.
import { isEnding, ORDER_STATUSES, type OrderStatus } from '../../domain/order.ts';
import { json, route, type RouteInput, type Route } from '../http/routes.ts';
import type { OrderDeps } from './order-calls.ts';
import { allowedOrderId } from './orders.ts';
import { callHeaders } from './owners.ts';
import { toEventResponse } from './shapes.ts';
import { eventsResponse } from './responses.ts';

const POLL_MS = 500;
const PING_EVERY_POLLS = 30;
/** A follower is let go after this and comes back with Last-Event-ID. */
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

/** The number a follower has seen last; 0 when it sends none or nonsense. */
const lastSeen = (request: Request): number => {
  const header = request.headers.get('last-event-id') ?? '';
  return /^\d{1,9}$/.test(header) ? Number(header) : 0;
};

const frame = (event: ReturnType<typeof toEventResponse>): string =>
  `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** Events as they come, until the order has ended or the follower leaves. */
async function* followed(
  deps: OrderDeps,
  input: RouteInput,
  orderId: string,
): AsyncGenerator<string> {
  const until = Date.now() + FOLLOW_MS_MAX;
  // A follower comes back to another process when this one ends.
  const isOver = (): boolean => input.request.signal.aborted || deps.draining.aborted;
  let afterSequence = lastSeen(input.request);
  for (let polls = 1; Date.now() < until && !isOver(); polls++) {
    const request = { orderId, afterSequence };
    const { events } = await deps.orders.listOrderEvents(request, callHeaders(input.principal));
    for (const event of events.map(toEventResponse)) {
      afterSequence = event.sequence;
      yield frame(event);
      if (ENDING_EVENTS.has(event.type)) return;
    }
    if (polls % PING_EVERY_POLLS === 0) yield ': still here\n\n';
    await Bun.sleep(POLL_MS);
  }
}

const streamOf = (frames: AsyncGenerator<string>): ReadableStream<Uint8Array> => {
  const encoder = new TextEncoder();
  return new ReadableStream({
    pull: async (controller) => {
      const next = await frames.next().catch(() => ({ done: true, value: undefined }) as const);
      if (next.done || next.value === undefined) controller.close();
      else controller.enqueue(encoder.encode(next.value));
    },
    cancel: async () => void (await frames.return(undefined)),
  });
};

export const timelineRoute = (deps: OrderDeps): Route =>
  route({
    method: 'get',
    path: '/orders/:id/events',
    kind: 'follow',
    summary: 'The timeline; with Accept: text/event-stream it is followed live.',
    needs: 'own-order',
    shows: eventsResponse,
    answers: { 200: 'events, oldest first' },
    answer: async (input) => {
      const orderId = allowedOrderId(deps.access, input);
      const wantsStream = input.request.headers.get('accept')?.includes('text/event-stream');
      if (wantsStream) {
        await deps.orders.getOrder({ orderId }, callHeaders(input.principal));
        return new Response(streamOf(followed(deps, input, orderId)), {
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        });
      }
      const request = { orderId, afterSequence: 0 };
      const { events } = await deps.orders.listOrderEvents(request, callHeaders(input.principal));
      return json({ events: events.map(toEventResponse) }, 200, { 'cache-control': 'no-store' });
    },
  });
