// Limits what an address or a store has in flight, and the bodies that are being read.
import { DomainError } from '../../../domain/errors.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { Call } from '../../http/gate.ts';

const RETRY_AFTER_SECONDS = 1;
/** A body that is being read costs a socket and the bytes that have come, but no work. */
const BODIES_AT_ONCE_MAX = 5_000;
const BYTES_AT_ONCE_MAX = 256 * 1024 * 1024;

export interface SubjectLimit {
  /** Counts a call of this subject until the returned function is called. RATE_LIMITED. */
  enter(subject: string): () => void;
}

/** `what` is counted, for the refusal: "calls of this address". */
export const createSubjectLimit = (
  atOnce: number,
  what = 'calls of this address',
): SubjectLimit => {
  const inFlight = new Map<string, number>();
  const count = (subject: string, more: number): void => {
    const calls = (inFlight.get(subject) ?? 0) + more;
    if (calls === 0) inFlight.delete(subject);
    else inFlight.set(subject, calls);
  };
  return {
    enter: (subject) => {
      if ((inFlight.get(subject) ?? 0) >= atOnce) {
        throw new DomainError('RATE_LIMITED', `too many ${what} at once`, {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        });
      }
      count(subject, 1);
      let hasLeft = false;
      return () => {
        if (!hasLeft) count(subject, -1);
        hasLeft = true;
      };
    },
  };
};

export interface BodyLimits {
  /** Reads a body; OVERLOADED while too many, or too many bytes, are being read. */
  read(receive: NonNullable<Call['receive']>): Promise<number>;
}

const overloaded = (): DomainError =>
  new DomainError('OVERLOADED', 'too many bodies are being sent: come back in a moment', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });

export const createBodyLimits = (
  telemetry: Telemetry,
  { bodiesMax = BODIES_AT_ONCE_MAX, bytesMax = BYTES_AT_ONCE_MAX } = {},
): BodyLimits => {
  const gauge = telemetry.gauge('holdfast_bodies_in_flight', 'Bodies that are being read.');
  let bodies = 0;
  let bytes = 0;
  return {
    read: async (receive) => {
      if (bodies >= bodiesMax) throw overloaded();
      gauge.set(++bodies);
      let own = 0;
      try {
        return await receive((more) => {
          own += more;
          bytes += more;
          if (bytes > bytesMax) throw overloaded();
        });
      } finally {
        bytes -= own;
        gauge.set(--bodies);
      }
    },
  };
};
