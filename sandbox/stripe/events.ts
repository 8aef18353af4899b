// Events: stored in the ledger with their change, and sent after it commits.
import type { Ledger } from './ledger.ts';
import type { Webhooks } from './webhooks.ts';

/** The API version of these shapes: that of `stripe` 23.1. */
export const API_VERSION = '2026-10-28.endive';

/** The call that caused an event: its request id and key, null for the sandbox's own changes. */
export interface Cause {
  id: string | null;
  idempotency_key: string | null;
}

export const createEvents = (ledger: Ledger, webhooks: Webhooks, nowMs: () => number) => {
  let announced: string[] = [];
  let cause: Cause = { id: null, idempotency_key: null };
  const announce = (type: string, object: unknown): void => {
    const event = {
      id: `evt_${crypto.randomUUID().replaceAll('-', '').slice(0, 24)}`,
      object: 'event',
      api_version: API_VERSION,
      created: Math.floor(nowMs() / 1000),
      data: { object },
      livemode: false,
      pending_webhooks: 1,
      request: cause,
      type,
    };
    ledger.put('event', event);
    announced.push(event.id);
  };
  return {
    announce,
    /** Runs one synchronous change and then sends its events, unless it was undone. */
    sending: <T>(by: Cause, change: () => T): T => {
      cause = by;
      try {
        return change();
      } finally {
        const ids = announced;
        announced = [];
        for (const id of ids) {
          const event = ledger.find('event', id);
          if (event) webhooks.send(event);
        }
      }
    },
  };
};

export type Events = ReturnType<typeof createEvents>;
