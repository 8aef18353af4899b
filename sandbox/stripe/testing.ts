// Opens a card sandbox for one test: a free port, a new folder, and the real client.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { createStripeSandbox } from './server.ts';

const TIMEOUT_MS = 5_000;
export const WEBHOOK_SECRET = 'whsec_of_the_test';

export const clientOf = (port: number, timeout = TIMEOUT_MS): Stripe =>
  new Stripe('sk_test_of_the_test', {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    timeout,
  });

interface Judged {
  intents: Stripe.PaymentIntent[];
  charges: Stripe.Charge[];
  refunds: Stripe.Refund[];
}

export const openForTest = (webhookUrl = 'http://127.0.0.1:9/unused') => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-sandbox-'));
  const create = () =>
    createStripeSandbox({ stateFolder, webhookUrl, webhookSecret: WEBHOOK_SECRET });
  let sandbox = create();
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request, self) => sandbox.fetch(request, self),
  });
  const base = `http://127.0.0.1:${server.port}`;
  const control = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const init = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
    return (await (await fetch(`${base}/_sandbox/${path}`, init)).json()) as T;
  };
  return {
    base,
    stripe: clientOf(server.port ?? 0),
    port: server.port ?? 0,
    control,
    fault: (action: string, path = '*', more: object = {}) =>
      control<{ id: string }>('POST', 'faults', { method: 'POST', path, action, ...more }),
    ledger: () => control<Judged>('GET', 'ledger'),
    /** Restarts the sandbox on the same folder. */
    reopen: () => {
      sandbox.close();
      sandbox = create();
    },
    close: async () => {
      await server.stop(true);
      sandbox.close();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
};
