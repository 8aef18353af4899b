// Tests that the carrier announces each change of a parcel by itself, signed, until it is accepted.
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCarrierSandbox } from './carrier.ts';

const WAIT_MS = 10_000;
const KEY = Buffer.from('the key of the carrier sandbox');
const SECRET = `whsec_${KEY.toString('base64')}`;
const TO = { name: 'Ada', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country: 'DE' };
/** Its parcels leave and arrive in the first round; those of `LATER` never do. */
const AT_ONCE = { shipMs: 1, deliverMs: 1 };
const ON_ITS_WAY = { shipMs: 1, deliverMs: 3_600_000 };
const LATER = { shipMs: 3_600_000, deliverMs: 3_600_000 };

interface Received {
  id: string;
  at: number;
  body: string;
  event: {
    type: string;
    timestamp: string;
    data: { shipmentId: string; reference: string; status: string };
  };
}

/** By the text of the specification, not by the library that signs. */
const isSigned = (headers: Headers, body: string): boolean => {
  const id = headers.get('webhook-id') ?? '';
  const at = headers.get('webhook-timestamp') ?? '';
  const digest = createHmac('sha256', KEY).update(`${id}.${at}.${body}`).digest('base64');
  return headers.get('webhook-signature') === `v1,${digest}`;
};

const until = async (what: string, isSo: () => boolean | Promise<boolean>): Promise<void> => {
  const end = Date.now() + WAIT_MS;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await Bun.sleep(5);
  }
};

describe('webhooks of the carrier sandbox', () => {
  let received: Received[];
  let wrong: string[];
  /** Answers a webhook; a test replaces it. */
  let respond: () => Response | Promise<Response>;
  let stateFolder: string;
  let shop: ReturnType<typeof Bun.serve>;
  let sandbox: ReturnType<typeof createCarrierSandbox>;

  const open = (pace: typeof AT_ONCE): void => {
    const webhookUrl = `http://127.0.0.1:${shop.port}/webhooks/carrier`;
    sandbox = createCarrierSandbox({ stateFolder, webhookUrl, webhookSecret: SECRET, ...pace });
  };
  const reopen = (pace: typeof AT_ONCE): void => {
    sandbox.close();
    open(pace);
  };

  beforeEach(() => {
    received = [];
    wrong = [];
    respond = () => new Response('ok');
    stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-carrier-'));
    shop = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: async (request) => {
        const body = await request.text();
        if (!isSigned(request.headers, body)) wrong.push(body);
        const response = await respond();
        if (response.ok) {
          received.push({
            id: request.headers.get('webhook-id') ?? '',
            at: Date.now(),
            body,
            event: JSON.parse(body) as Received['event'],
          });
        }
        return response;
      },
    });
  });
  afterEach(async () => {
    sandbox.close();
    await shop.stop(true);
    rmSync(stateFolder, { recursive: true, force: true });
    expect(wrong).toEqual([]);
  });

  const call = (path: string, init: RequestInit = {}): Promise<Response> =>
    sandbox.fetch(new Request(`http://carrier.example${path}`, init));
  const post = (path: string, body: object, key = ''): Promise<Response> =>
    call(path, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify(body),
    });
  const book = async (reference: string, postalCode = TO.postalCode): Promise<string> => {
    const body = { reference, to: { ...TO, postalCode } };
    return ((await (await post('/shipments', body, `${reference}/book`)).json()) as { id: string })
      .id;
  };
  const behave = async (order: object) =>
    (await (await post('/_sandbox/webhooks', order)).json()) as { held: number; unsent: number };
  const state = async () =>
    (await (await call('/_sandbox/webhooks')).json()) as { held: number; unsent: number };
  const statuses = (): string[] => received.map(({ event }) => event.data.status);
  const arrived = (count: number) => until(`${count} events`, () => received.length >= count);
  const settled = () => until('nothing is unsent', async () => (await state()).unsent === 0);

  test('say that a parcel was shipped and delivered, once each', async () => {
    open(AT_ONCE);
    const shipmentId = await book('ord_1');
    await arrived(2);
    await settled();
    expect(statuses().toSorted()).toEqual(['delivered', 'shipped']);
    for (const { event } of received) {
      expect(event).toEqual({
        type: 'shipment.updated',
        timestamp: new Date(event.timestamp).toISOString(),
        data: { shipmentId, reference: 'ord_1', status: event.data.status },
      });
    }
    expect(new Set(received.map(({ id }) => id)).size).toBe(2);
  });

  test('say that one was lost or came back, whatever decided it', async () => {
    open(AT_ONCE);
    await book('ord_lost', 'LOST 00');
    await book('ord_back', 'BACK 00');
    const slow = await book('ord_slow', 'SLOW 00');
    await arrived(5);
    await call(`/shipments/${slow}/intercept`, { method: 'POST' });
    await arrived(6);
    const of = (reference: string): string[] =>
      received
        .filter(({ event }) => event.data.reference === reference)
        .map(({ event }) => event.data.status)
        .toSorted();
    expect(of('ord_lost')).toEqual(['lost', 'shipped']);
    expect(of('ord_back')).toEqual(['returned', 'shipped']);
    expect(of('ord_slow')).toEqual(['returned', 'shipped']);
  });

  test('say once that one was canceled, however often its key is voided', async () => {
    open(LATER);
    await book('ord_1');
    for (let time = 0; time < 3; time++) await post('/shipments/void', {}, 'ord_1/book');
    await arrived(1);
    await settled();
    expect(statuses()).toEqual(['canceled']);
  });

  test('never delay a response of the API', async () => {
    open(LATER);
    const { promise, resolve: release } = Promise.withResolvers<void>();
    respond = async () => (await promise, new Response('ok'));
    await book('ord_1');
    await post('/shipments/void', {}, 'ord_1/book');
    await until('it is being sent', async () => (await state()).unsent === 1);
    expect((await post('/shipments', { reference: 'ord_2', to: TO }, 'ord_2/book')).status).toBe(
      201,
    );
    expect(received).toEqual([]);
    release();
    await arrived(1);
  });

  test('are sent again with one id until they are accepted', async () => {
    open(LATER);
    let refusals = 2;
    respond = () =>
      refusals-- > 0 ? new Response('not now', { status: 503 }) : new Response('ok');
    await book('ord_1');
    await post('/shipments/void', {}, 'ord_1/book');
    await arrived(1);
    await settled();
    expect([refusals, statuses()]).toEqual([-1, ['canceled']]);
  });

  test('survive a restart before they were accepted', async () => {
    open(LATER);
    let calls = 0;
    respond = () => (calls++, new Response('not now', { status: 503 }));
    await book('ord_1');
    await post('/shipments/void', {}, 'ord_1/book');
    await until('it was refused', () => calls > 0);
    sandbox.close();
    respond = () => new Response('ok');
    open(LATER);
    await arrived(1);
    expect(statuses()).toEqual(['canceled']);
  });

  test('come for what happened while the carrier was away', async () => {
    open(LATER);
    await book('ord_1');
    reopen(AT_ONCE);
    await arrived(2);
    expect(statuses().toSorted()).toEqual(['delivered', 'shipped']);
  });

  test('come for each change once, by the clock or by a control call', async () => {
    open(ON_ITS_WAY);
    const id = await book('ord_1');
    await arrived(1);
    await post(`/_sandbox/shipments/${id}/outcome`, { outcome: 'lost' });
    await settled();
    expect(statuses()).toEqual(['shipped']);
    reopen(AT_ONCE);
    await arrived(2);
    await settled();
    expect(statuses()).toEqual(['shipped', 'lost']);
  });

  test('are not sent again after a restart once they were accepted', async () => {
    open(AT_ONCE);
    await book('ord_1');
    await arrived(2);
    await settled();
    reopen(AT_ONCE);
    await book('ord_2');
    await arrived(4);
    await settled();
    expect(received.filter(({ event }) => event.data.reference === 'ord_1')).toHaveLength(2);
  });

  test('are repeated as ordered, with one id and one body', async () => {
    open(LATER);
    await behave({ action: 'duplicate', times: 5 });
    await book('ord_1');
    await post('/shipments/void', {}, 'ord_1/book');
    await arrived(5);
    await settled();
    expect(received).toHaveLength(5);
    expect(new Set(received.map(({ id, body }) => id + body)).size).toBe(1);
  });

  test('are held, and delivered in reverse when reordered', async () => {
    open(AT_ONCE);
    await behave({ action: 'reorder' });
    await book('ord_1');
    await until('both are held', async () => (await state()).held === 2);
    expect(received).toEqual([]);
    await behave({ action: 'release' });
    await arrived(2);
    expect(statuses()).toEqual(['delivered', 'shipped']);
  });

  test('that are held are sent in their order when released, and after a restart', async () => {
    for (const release of [() => behave({ action: 'normal' }), async () => reopen(AT_ONCE)]) {
      received = [];
      open(AT_ONCE);
      await behave({ action: 'hold' });
      await book(`ord_${crypto.randomUUID()}`);
      await until('both are held', async () => (await state()).held === 2);
      await release();
      await arrived(2);
      await settled();
      expect(statuses()).toEqual(['shipped', 'delivered']);
      sandbox.close();
    }
    open(AT_ONCE);
  });

  test('are delivered late when delayed', async () => {
    const delayMs = 300;
    open(LATER);
    await behave({ action: 'delay', delayMs });
    await book('ord_1');
    await post('/shipments/void', {}, 'ord_1/book');
    await arrived(1);
    const [late] = received;
    expect((late?.at ?? 0) - Date.parse(late?.event.timestamp ?? '')).toBeGreaterThanOrEqual(
      delayMs,
    );
  });

  test('are resent by id, or sent for a parcel that does not exist', async () => {
    open(LATER);
    const data = { shipmentId: 'shp_nobody', reference: 'ord_nobody', status: 'delivered' };
    await behave({ action: 'send', data });
    await arrived(1);
    const eventId = received[0]?.id ?? '';
    await behave({ action: 'resend', eventId, times: 2 });
    await arrived(3);
    expect(received.map(({ id, event }) => [id, event.data])).toEqual(
      Array.from({ length: 3 }, () => [eventId, data]),
    );
    expect((await post('/_sandbox/webhooks', { action: 'resend', eventId: 'msg_0' })).status).toBe(
      404,
    );
  });

  test('of an unknown action are refused', async () => {
    open(LATER);
    expect((await post('/_sandbox/webhooks', { action: 'explode' })).status).toBe(400);
  });

  test('leave nothing behind: a process ends when its sandbox is closed', async () => {
    open(LATER);
    const { promise, resolve: release } = Promise.withResolvers<void>();
    let calls = 0;
    respond = async () => {
      if (calls++ > 0) await promise;
      return new Response('ok');
    };
    const options = {
      stateFolder: join(stateFolder, 'other'),
      webhookUrl: String(shop.url),
      webhookSecret: SECRET,
      ...AT_ONCE,
    };
    const booking = {
      method: 'POST',
      headers: { 'idempotency-key': 'ord_1/book' },
      body: JSON.stringify({ reference: 'ord_1', to: TO }),
    };
    // Closed when one event was accepted and the other is on its way.
    const script = `
      const { createCarrierSandbox } = await import('${resolve(import.meta.dirname, 'carrier.ts')}');
      const sandbox = createCarrierSandbox(${JSON.stringify(options)});
      const call = (path, init) => sandbox.fetch(new Request('http://carrier.example' + path, init));
      const unsent = async () => (await (await call('/_sandbox/webhooks')).json()).unsent;
      await call('/shipments', ${JSON.stringify(booking)});
      while ((await unsent()) < 2) await Bun.sleep(1);
      while ((await unsent()) > 1) await Bun.sleep(1);
      sandbox.close();
      const closedAt = Date.now();
      process.on('exit', () => console.log(Date.now() - closedAt));
    `;
    const child = Bun.spawn([process.execPath, '-e', script], { stderr: 'inherit' });
    const lingeredMs = Number(await new Response(child.stdout).text());
    release();
    expect(await child.exited).toBe(0);
    expect(lingeredMs).toBeLessThan(2_500);
  });
});
