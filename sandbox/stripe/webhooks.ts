// Signed webhooks of the card sandbox: sent beside the API's answers, never in their way.
import { createHmac } from 'node:crypto';

const QUEUE_MAX = 10_000;
const TRIES_MAX = 8;
const FIRST_RETRY_MS = 200;
const SEND_TIMEOUT_MS = 5_000;

export interface Webhooks {
  send(event: object): void;
  /** How the next events are delivered: once, twice, late, or not until released. */
  behave(how: Behaviour): void;
}

export type Behaviour =
  | { action: 'normal' | 'duplicate' | 'hold' | 'release' | 'reorder' }
  | { action: 'delay'; delayMs: number };

/** `t=…,v1=…` over `<t>.<body>` (https://docs.stripe.com/webhooks#verify-manually). */
export const signatureOf = (body: string, secret: string, atSeconds: number): string => {
  const signed = createHmac('sha256', secret).update(`${atSeconds}.${body}`).digest('hex');
  return `t=${atSeconds},v1=${signed}`;
};

export const createWebhooks = (url: string, secret: string): Webhooks => {
  let how: Behaviour = { action: 'normal' };
  let held: string[] = [];
  const post = async (body: string): Promise<boolean> => {
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
  const deliver = async (body: string, waitMs: number): Promise<void> => {
    await Bun.sleep(waitMs);
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      if (await post(body)) return;
      await Bun.sleep(FIRST_RETRY_MS * 2 ** tries);
    }
  };
  const release = (bodies: string[]): void => {
    for (const body of bodies) void deliver(body, 0);
  };
  return {
    send: (event) => {
      const body = JSON.stringify(event);
      if (how.action === 'hold' || how.action === 'reorder') {
        if (held.length < QUEUE_MAX) held.push(body);
        return;
      }
      void deliver(body, how.action === 'delay' ? how.delayMs : 0);
      if (how.action === 'duplicate') void deliver(body, 50);
    },
    behave: (next) => {
      const waiting = how.action === 'reorder' ? held.toReversed() : held;
      if (next.action !== 'hold' && next.action !== 'reorder') {
        release(waiting);
        held = [];
      }
      how = next.action === 'release' ? { action: 'normal' } : next;
    },
  };
};
