// Sends signed webhooks beside the API's responses, without delaying them.
import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { createLimiter } from '../../concurrency/limiter.ts';

const QUEUE_MAX = 10_000;
const TRIES_MAX = 8;
const SENDS_CONCURRENT_MAX = 8;
const COPIES_MAX = 100;
const COPY_PAUSE_MS = 50;
/** Delay between deliveries, so that their order can be observed. */
const ORDER_PAUSE_MS = 5;
const FIRST_RETRY_MS = 200;
const SEND_TIMEOUT_MS = 5_000;

export interface Webhooks {
  send(event: object): void;
  /** How the next events are delivered: once, twice, late, or not until released. */
  behave(how: Behaviour): void;
  state(): { action: string; held: number; unsent: number };
  /** Stops all sending; undelivered events stay in the ledger only. */
  close(): void;
}

/** `reorder` collects events and sends them newest first at the next control call. */
export const behaviourBody = z.union([
  z.strictObject({ action: z.enum(['normal', 'hold', 'release', 'reorder']) }),
  z.strictObject({
    action: z.literal('duplicate'),
    times: z.int().min(1).max(COPIES_MAX).default(2),
  }),
  z.strictObject({ action: z.literal('delay'), delayMs: z.int().min(0).max(3_600_000) }),
]);
export type Behaviour = z.output<typeof behaviourBody>;

/** Sends a past event again, once or a given number of times. */
export const resendBody = z.strictObject({
  action: z.literal('resend'),
  eventId: z.string(),
  times: z.int().min(1).max(COPIES_MAX).default(1),
});

/** `t=…,v1=…` over `<t>.<body>` (https://docs.stripe.com/webhooks#verify-manually). */
export const signatureOf = (body: string, secret: string, atSeconds: number): string => {
  const signed = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${signed}`;
};

const post = async (url: string, secret: string, body: string): Promise<boolean> => {
  const signature = signatureOf(body, secret, Math.floor(Date.now() / 1000));
  const response = await fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'stripe-signature': signature },
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
  }).catch(() => undefined);
  await response?.arrayBuffer().catch(() => undefined);
  return response?.ok ?? false;
};

export const createWebhooks = (url: string, secret: string): Webhooks => {
  let how: Behaviour = { action: 'normal' };
  let held: string[] = [];
  let unsent = 0;
  let closed = false;
  const sends = createLimiter({ runningMax: SENDS_CONCURRENT_MAX });
  const attempts = async (body: string, waitMs: number): Promise<void> => {
    await Bun.sleep(waitMs);
    for (let tries = 1; tries <= TRIES_MAX && !closed; tries++) {
      if (await sends.run(() => post(url, secret, body))) return;
      await Bun.sleep(FIRST_RETRY_MS * 2 ** tries);
    }
  };
  const deliver = (body: string, waitMs: number): void => {
    if (unsent >= QUEUE_MAX) return;
    unsent++;
    void attempts(body, waitMs).finally(() => unsent--);
  };
  return {
    send: (event) => {
      const body = JSON.stringify(event);
      if (how.action === 'hold' || how.action === 'reorder') {
        if (held.length < QUEUE_MAX) held.push(body);
        return;
      }
      const copies = how.action === 'duplicate' ? how.times : 1;
      const waitMs = how.action === 'delay' ? how.delayMs : 0;
      for (let copy = 0; copy < copies; copy++) deliver(body, waitMs + copy * COPY_PAUSE_MS);
    },
    behave: (next) => {
      const waiting = how.action === 'reorder' ? held.toReversed() : held;
      if (next.action !== 'hold' && next.action !== 'reorder') {
        for (const [index, body] of waiting.entries()) deliver(body, index * ORDER_PAUSE_MS);
        held = [];
      }
      how = next.action === 'release' ? { action: 'normal' } : next;
    },
    state: () => ({ action: how.action, held: held.length, unsent }),
    close: () => void (closed = true),
  };
};
