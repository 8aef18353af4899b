// Tests that the card sandbox keeps its ledger, saved responses and clock over a kill -9.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { clientOf } from './testing.ts';

const START_MS = 10_000;

const freePort = async (): Promise<number> => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
};

describe('the process of the card sandbox', () => {
  const state = mkdtempSync(join(tmpdir(), 'holdfast-sandbox-'));
  let port: number;
  let opsPort: number;
  let child: ReturnType<typeof Bun.spawn>;

  const start = async (): Promise<void> => {
    child = Bun.spawn(
      [process.execPath, resolve(import.meta.dir, '../../processes/sandbox-stripe.ts')],
      {
        env: {
          PATH: process.env['PATH'] ?? '',
          HOLDFAST_PROCESS: 'sandbox-stripe',
          HOLDFAST_PROFILE: 'local',
          HOLDFAST_PORT: String(port),
          HOLDFAST_OPS_PORT: String(opsPort),
          HOLDFAST_SANDBOX_STATE: state,
          HOLDFAST_SANDBOX_WEBHOOK_URL: 'http://127.0.0.1:9/unused',
          STRIPE_WEBHOOK_SECRETS: 'whsec_of_the_test,whsec_older',
        },
        stdout: 'ignore',
        stderr: 'inherit',
      },
    );
    const until = Date.now() + START_MS;
    const isReady = (): Promise<boolean> =>
      fetch(`http://127.0.0.1:${opsPort}/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    while (!(await isReady())) {
      if (Date.now() > until) throw new Error('the sandbox did not start');
      await Bun.sleep(50);
    }
  };

  beforeAll(async () => {
    port = await freePort();
    opsPort = await freePort();
    await start();
  });
  afterAll(async () => {
    child.kill('SIGTERM');
    await child.exited;
    rmSync(state, { recursive: true, force: true });
  });

  test('keeps a charge over a kill and replays the response of its key', async () => {
    const { paymentIntents } = clientOf(port);
    const { id } = await paymentIntents.create({
      amount: 1_500,
      currency: 'eur',
      capture_method: 'manual',
      confirm: true,
      payment_method: 'pm_card_visa',
    });
    const idempotencyKey = 'ord_killed/capture';
    await paymentIntents.capture(id, {}, { idempotencyKey });
    child.kill('SIGKILL');
    await child.exited;
    await start();
    const again = await clientOf(port).paymentIntents.capture(id, {}, { idempotencyKey });
    expect(again).toMatchObject({ id, status: 'succeeded', amount_received: 1_500 });
    const ledger = await fetch(`http://127.0.0.1:${port}/_sandbox/ledger`);
    const { charges } = (await ledger.json()) as { charges: unknown[] };
    expect(charges).toMatchObject([{ payment_intent: id, amount_captured: 1_500 }]);
  });

  test('exits with 0 on SIGTERM and reports draining on its operations port', async () => {
    const metrics = await fetch(`http://127.0.0.1:${opsPort}/metrics`);
    expect(metrics.status).toBe(200);
    child.kill('SIGTERM');
    expect(await child.exited).toBe(0);
    await start();
  });
});
