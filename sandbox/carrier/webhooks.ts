// Sends the carrier's events as Standard Webhooks, each again until it is accepted.
import type { Database } from 'bun:sqlite';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { behaviourBody, resendBody, type Behaviour } from '../stripe/webhooks.ts';
import { openOutbox, type Delivery } from './outbox.ts';

const SENDS_CONCURRENT_MAX = 8;
const SEND_TIMEOUT_MS = 5_000;
const COPY_PAUSE_MS = 50;
/** Delay between released deliveries, so that their order can be observed. */
const ORDER_PAUSE_MS = 20;
const FIRST_RETRY_MS = 200;
const RETRY_MS_MAX = 60_000;
/** With the pauses between them, almost half an hour. */
const TRIES_MAX = 36;

/** As the card sandbox's, whose actions have the same names. */
export const webhooksBody = z.union([
  behaviourBody,
  resendBody,
  /** Sends an event that never happened, correctly signed. */
  z.strictObject({
    action: z.literal('send'),
    type: z.string().min(1).default('shipment.updated'),
    data: z.record(z.string(), z.unknown()),
  }),
]);

/** How long to wait after so many tries, in ms; undefined when it is given up. */
export const retryAfterMs = (tries: number): number | undefined =>
  tries < TRIES_MAX ? Math.min(FIRST_RETRY_MS * 2 ** (tries - 1), RETRY_MS_MAX) : undefined;

interface Options {
  webhookUrl: string;
  /** `whsec_` and the key in base64. */
  webhookSecret: string;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
const createPost = ({ webhookUrl, webhookSecret }: Options) => {
  const signer = new Webhook(webhookSecret);
  return async ({ eventId, body }: Delivery, signal: AbortSignal): Promise<boolean> => {
    const at = new Date();
    const response = await fetch(webhookUrl, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': eventId,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signer.sign(eventId, at, body),
      },
      signal,
    });
    await response.arrayBuffer();
    return response.ok;
  };
};

/** Sends what is due; a timer waits for the next delivery, and for none when there is none. */
const createSending = (db: Database, options: Options) => {
  const outbox = openOutbox(db);
  const post = createPost(options);
  const running = new Set<AbortController>();
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const attempt = async (delivery: Delivery): Promise<void> => {
    const control = new AbortController();
    running.add(control);
    const late = setTimeout(() => control.abort(), SEND_TIMEOUT_MS);
    const isAccepted = await post(delivery, control.signal).catch(() => false);
    clearTimeout(late);
    running.delete(control);
    if (isClosed) return;
    const waitMs = isAccepted ? undefined : retryAfterMs(delivery.tries);
    if (waitMs === undefined) outbox.remove(delivery.id);
    else outbox.putOff(delivery.id, Date.now() + waitMs);
    schedule();
  };
  const sendDue = (): void => {
    for (const one of outbox.take(SENDS_CONCURRENT_MAX - running.size)) void attempt(one);
    schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    const atMs = running.size < SENDS_CONCURRENT_MAX ? outbox.nextAtMs() : undefined;
    if (atMs !== undefined) timer = setTimeout(sendDue, Math.max(0, atMs - Date.now()));
  };
  return {
    outbox,
    schedule,
    close: (): void => {
      isClosed = true;
      clearTimeout(timer);
      for (const control of running) control.abort();
    },
  };
};

/** What is held when the process ends is sent when it starts again, as all that is unsent. */
export const createWebhooks = (db: Database, options: Options) => {
  const { outbox, schedule, close } = createSending(db, options);
  let how: Behaviour = { action: 'normal' };
  const deliver = (id: string, body: string): void => {
    if (how.action === 'hold' || how.action === 'reorder') return outbox.put(id, body, undefined);
    const copies = how.action === 'duplicate' ? how.times : 1;
    const firstAtMs = Date.now() + (how.action === 'delay' ? how.delayMs : 0);
    for (let copy = 0; copy < copies; copy++) {
      outbox.put(id, body, firstAtMs + copy * COPY_PAUSE_MS);
    }
    schedule();
  };
  const release = (): void => {
    outbox.release(how.action === 'reorder' ? 'newest first' : 'oldest first', ORDER_PAUSE_MS);
    schedule();
  };
  release();
  return {
    /** Stores an event and its delivery, in the transaction of its caller. */
    announce: (type: string, data: object): void => {
      const id = `msg_${crypto.randomUUID().replaceAll('-', '')}`;
      const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
      outbox.putEvent(id, body);
      deliver(id, body);
    },
    /** False when there is no such event any more. */
    resend: (id: string, times: number): boolean => {
      const body = outbox.bodyOf(id);
      if (body === undefined) return false;
      for (let sent = 0; sent < times; sent++) deliver(id, body);
      return true;
    },
    /** How the next events are delivered: once, twice, late, or not until released. */
    behave: (next: Behaviour): void => {
      if (next.action !== 'hold' && next.action !== 'reorder') release();
      how = next.action === 'release' ? { action: 'normal' } : next;
    },
    state: () => ({ action: how.action, ...outbox.counts() }),
    close,
  };
};
export type Webhooks = ReturnType<typeof createWebhooks>;
