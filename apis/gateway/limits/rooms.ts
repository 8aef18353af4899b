// Calls at once: each kind has a room of its own, and whoever finds it full is told at once.
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import { CALL_KINDS, type CallKind } from '../../http/gate.ts';

const RETRY_AFTER_SECONDS = 1;

export interface Rooms {
  /** Goes in, and answers how to leave. OVERLOADED. */
  enter(kind: CallKind): () => void;
}

/** A queue that grows helps nobody: what cannot be worked on now is refused now. */
export const createRooms = (
  atOnce: Readonly<Record<CallKind, number>>,
  telemetry: Telemetry,
): Rooms => {
  const inside = Object.fromEntries(CALL_KINDS.map((kind) => [kind, 0])) as Record<
    CallKind,
    number
  >;
  const gauge = telemetry.gauge('holdfast_calls_in_flight', 'Calls at once, by kind.', ['kind']);
  const shed = telemetry.counter('holdfast_calls_shed_total', 'Calls refused at a full room.', [
    'kind',
  ]);
  return {
    enter: (kind) => {
      if (inside[kind] >= atOnce[kind]) {
        shed.inc({ kind });
        throw new DomainError('OVERLOADED', 'the shop is busy: come back in a moment', {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      gauge.set({ kind }, ++inside[kind]);
      let isInside = true;
      return () => {
        if (!isInside) return;
        isInside = false;
        gauge.set({ kind }, --inside[kind]);
      };
    },
  };
};

/** The same answer, which stays in its room until its stream has ended or nobody listens. */
export const whileStreamed = (response: Response, leave: () => void): Response => {
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
