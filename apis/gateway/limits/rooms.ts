// Calls at once: each kind has a room of its own, and whoever finds it full is told at once.
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import { CALL_KINDS, type CallKind } from '../../http/gate.ts';
import { createWidth } from './width.ts';

const RETRY_AFTER_SECONDS = 1;
/**
 * A page that takes longer in a crowd is one of too many. Checkouts have no such measure: they come
 * in crowds, and wait for a decision.
 */
const PATIENCE_MS: Partial<Record<CallKind, number>> = { read: 400 };

/** Ends a call's stay; what was no page, or no answer, says nothing of how wide the room may be. */
export type Leave = (isPage?: boolean) => void;

export interface Rooms {
  /** Goes in, and answers how to leave. OVERLOADED. */
  enter(kind: CallKind): Leave;
}

/** A queue that grows helps nobody: what cannot be worked on now is refused now. */
export const createRooms = (
  atOnce: Readonly<Record<CallKind, number>>,
  telemetry: Telemetry,
  now: () => number = () => performance.now(),
): Rooms => {
  const roomOf = (kind: CallKind) => ({
    inside: 0,
    width: createWidth(atOnce[kind], PATIENCE_MS[kind] ?? Number.POSITIVE_INFINITY, now),
  });
  const rooms = Object.fromEntries(CALL_KINDS.map((kind) => [kind, roomOf(kind)])) as Record<
    CallKind,
    ReturnType<typeof roomOf>
  >;
  const gauge = telemetry.gauge('holdfast_calls_in_flight', 'Calls at once, by kind.', ['kind']);
  const shed = telemetry.counter('holdfast_calls_shed_total', 'Calls refused at a full room.', [
    'kind',
  ]);
  return {
    enter: (kind) => {
      const room = rooms[kind];
      if (room.inside >= room.width.present()) {
        shed.inc({ kind });
        throw new DomainError('OVERLOADED', 'the shop is busy: come back in a moment', {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      gauge.set({ kind }, ++room.inside);
      const cameAt = now();
      let isInside = true;
      return (isPage = false) => {
        if (!isInside) return;
        isInside = false;
        if (isPage) room.width.learn(now() - cameAt, room.inside);
        gauge.set({ kind }, --room.inside);
      };
    },
  };
};

/** The same answer, which stays in its room until its stream has ended or nobody listens. */
export const whileStreamed = (response: Response, leave: Leave): Response => {
  const reader = response.body?.getReader();
  if (!reader) {
    leave();
    return response;
  }
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { value, done } = await reader.read();
      if (!done) return controller.enqueue(value);
      leave();
      controller.close();
    },
    cancel: async (reason) => {
      leave();
      await reader.cancel(reason);
    },
  });
  return new Response(body, { status: response.status, headers: response.headers });
};
