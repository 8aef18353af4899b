// An order's timeline: as JSON at once, or followed live as server-sent events.
import { isEnding, ORDER_STATUSES, type OrderStatus } from '../../domain/order.ts';
import { json, route, type Ask, type Route } from '../http/routes.ts';
import type { OrderDoor } from './order-calls.ts';
import { allowedOrderId } from './orders.ts';
import { callHeaders } from './owners.ts';
import { shownEvent } from './shapes.ts';
import { eventsShown } from './shown.ts';

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

const frame = (event: ReturnType<typeof shownEvent>): string =>
  `id: ${event.sequence}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

/** Events as they come, until the order has ended or the follower leaves. */
async function* followed(door: OrderDoor, ask: Ask, orderId: string): AsyncGenerator<string> {
  const until = Date.now() + FOLLOW_MS_MAX;
  // A follower comes back to another process when this one ends.
  const isOver = (): boolean => ask.request.signal.aborted || door.draining.aborted;
  let afterSequence = lastSeen(ask.request);
  for (let polls = 1; Date.now() < until && !isOver(); polls++) {
    const request = { orderId, afterSequence };
    const { events } = await door.orders.listOrderEvents(request, callHeaders(ask.principal));
    for (const event of events.map(shownEvent)) {
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

export const timelineRoute = (door: OrderDoor): Route =>
  route({
    method: 'get',
    path: '/orders/:id/events',
    kind: 'follow',
    summary: 'The timeline; with Accept: text/event-stream it is followed live.',
    needs: 'own-order',
    shows: eventsShown,
    answers: { 200: 'events, oldest first' },
    answer: async (ask) => {
      const orderId = allowedOrderId(door.access, ask);
      const wantsStream = ask.request.headers.get('accept')?.includes('text/event-stream');
      if (wantsStream) {
        await door.orders.getOrder({ orderId }, callHeaders(ask.principal));
        return new Response(streamOf(followed(door, ask, orderId)), {
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        });
      }
      const request = { orderId, afterSequence: 0 };
      const { events } = await door.orders.listOrderEvents(request, callHeaders(ask.principal));
      return json({ events: events.map(shownEvent) }, 200, { 'cache-control': 'no-store' });
    },
  });
