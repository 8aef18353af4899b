// Tests the carrier sandbox: one parcel per key, moved by the clock, cancellable only while booked.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCarrierSandbox } from './carrier.ts';

const SHIP_MS = 300;
const DELIVER_MS = 600;
const TO = { name: 'Ada', line1: '1 Main St', city: 'Berlin', postalCode: '10115', country: 'DE' };

interface Shipment {
  id: string;
  status: string;
  trackingNumber: string;
}

describe('the carrier sandbox', () => {
  const stateFolder = mkdtempSync(join(tmpdir(), 'holdfast-carrier-'));
  const create = () =>
    createCarrierSandbox({
      stateFolder,
      shipMs: SHIP_MS,
      deliverMs: DELIVER_MS,
      webhookUrl: 'http://127.0.0.1:9/unused',
      webhookSecret: `whsec_${Buffer.from('secret-of-the-carriers-test').toString('base64')}`,
    });
  let sandbox = create();
  let server: ReturnType<typeof Bun.serve>;
  let base: string;

  beforeAll(() => {
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request, self) => sandbox.fetch(request, self),
    });
    base = `http://127.0.0.1:${server.port}`;
  });
  afterEach(() => fetch(`${base}/_sandbox/faults`, { method: 'DELETE' }));
  afterAll(async () => {
    await server.stop(true);
    sandbox.close();
    rmSync(stateFolder, { recursive: true, force: true });
  });

  const book = (key: string, body: object = { reference: key, to: TO }): Promise<Response> =>
    fetch(`${base}/shipments`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: JSON.stringify(body),
    });
  const shipmentOf = async (answer: Response): Promise<Shipment> =>
    (await answer.json()) as Shipment;
  const bookedFor = async (reference: string): Promise<number> => {
    const { shipments } = (await (await fetch(`${base}/_sandbox/shipments`)).json()) as {
      shipments: { reference: string }[];
    };
    return shipments.filter((shipment) => shipment.reference === reference).length;
  };
  const fault = (action: string, more: object = {}) =>
    fetch(`${base}/_sandbox/faults`, {
      method: 'POST',
      body: JSON.stringify({ method: 'POST', path: '/shipments', action, ...more }),
    });

  test('refuses only the parcels that a fault names, until that fault is deleted', async () => {
    const to = { ...TO, name: 'Grace' };
    const ofGrace = (key: string) => book(key, { reference: key, to });
    await fault('status:503', { containing: 'Grace', times: 9 });
    await fault('status:422', { containing: 'Ada', times: 9 });
    expect([(await ofGrace('g1')).status, (await book('a1')).status]).toEqual([503, 422]);
    await fetch(`${base}/_sandbox/faults?containing=Grace`, { method: 'DELETE' });
    expect([(await ofGrace('g2')).status, (await book('a2')).status]).toEqual([201, 422]);
  });

  test('books one parcel per key and keeps it over a restart', async () => {
    const first = await book('ord_1/ship');
    expect(first.status).toBe(201);
    const { id, trackingNumber, status } = await shipmentOf(first);
    expect([status, trackingNumber.length > 5]).toEqual(['booked', true]);
    sandbox.close();
    sandbox = create();
    expect(await shipmentOf(await book('ord_1/ship'))).toMatchObject({ id, trackingNumber });
    expect(await bookedFor('ord_1/ship')).toBe(1);
  });

  test('refuses a key that was used for another parcel', async () => {
    await book('ord_2/ship');
    const other = await book('ord_2/ship', { reference: 'another', to: TO });
    expect(other.status).toBe(422);
    expect(await bookedFor('another')).toBe(0);
  });

  test('ships and delivers without further calls', async () => {
    const { id } = await shipmentOf(await book('ord_3/ship'));
    const now = async (): Promise<string> =>
      (await shipmentOf(await fetch(`${base}/shipments/${id}`))).status;
    expect(await now()).toBe('booked');
    await Bun.sleep(SHIP_MS + 50);
    expect(await now()).toBe('shipped');
    await Bun.sleep(DELIVER_MS - SHIP_MS);
    expect(await now()).toBe('delivered');
  });

  test('loses or returns a parcel by its postal code or by a control call', async () => {
    const endOf = async (key: string, postalCode: string, outcome?: string): Promise<string> => {
      const body = { reference: key, to: { ...TO, postalCode } };
      const { id } = await shipmentOf(await book(key, body));
      const path = `${base}/_sandbox/shipments/${id}/outcome`;
      if (outcome) await fetch(path, { method: 'POST', body: JSON.stringify({ outcome }) });
      await Bun.sleep(DELIVER_MS + 50);
      return (await shipmentOf(await fetch(`${base}/shipments/${id}`))).status;
    };
    const keys = ['LOST 00', 'BACK 00', 'IV51 9DE'];
    const ends = await Promise.all(keys.map((code) => endOf(`end/${code}`, code)));
    expect(ends).toEqual(['lost', 'returned', 'delivered']);
    expect(await endOf('end/by-order', 'IV51 9DE', 'returned')).toBe('returned');
  });

  test('prints a label for a booked parcel', async () => {
    const { id } = await shipmentOf(await book('ord_7/ship'));
    expect(await (await fetch(`${base}/shipments/${id}/label`)).text()).toContain(TO.name);
  });

  const voidKey = async (key: string): Promise<Shipment | null> => {
    const headers = { 'idempotency-key': key };
    const answer = await fetch(`${base}/shipments/void`, { method: 'POST', headers, body: '{}' });
    return ((await answer.json()) as { booked: Shipment | null }).booked;
  };

  test('voids a booked parcel by its key, repeatedly, and not once it has left', async () => {
    const early = await shipmentOf(await book('ord_4/ship'));
    expect(await voidKey('ord_4/ship')).toMatchObject({ id: early.id, status: 'canceled' });
    expect(await voidKey('ord_4/ship')).toMatchObject({ status: 'canceled' });
    const slow = { reference: 'ord_5/ship', to: { ...TO, postalCode: 'SLOW 00' } };
    const { id } = await shipmentOf(await book('ord_5/ship', slow));
    await Bun.sleep(SHIP_MS + 50);
    expect(await voidKey('ord_5/ship')).toMatchObject({ status: 'shipped' });
    const intercept = () => fetch(`${base}/shipments/${id}/intercept`, { method: 'POST' });
    expect((await intercept()).status).toBe(200);
    await Bun.sleep(DELIVER_MS - SHIP_MS);
    expect(await voidKey('ord_5/ship')).toMatchObject({ status: 'returned' });
    expect((await intercept()).status).toBe(409);
  });

  test('books nothing under a key that was voided before', async () => {
    expect(await voidKey('ord_8/ship')).toBeNull();
    expect((await book('ord_8/ship')).status).toBe(422);
    expect(await bookedFor('ord_8/ship')).toBe(0);
  });

  test('keeps a booking whose response was a 500 or lost, and returns it for the key', async () => {
    for (const action of ['apply_then_500', 'apply_then_drop']) {
      await fault(action);
      const answer = await book(`ord_${action}/ship`).catch(() => undefined);
      expect(answer?.status).toBe(action === 'apply_then_500' ? 500 : undefined);
      expect((await book(`ord_${action}/ship`)).status).toBe(200);
      expect(await bookedFor(`ord_${action}/ship`)).toBe(1);
    }
  });

  test('books nothing when a call is dropped before it runs or gets a fault status', async () => {
    for (const action of ['drop_before', 'status:503']) {
      await fault(action);
      const answer = await book(`ord_${action}/ship`).catch(() => undefined);
      expect(answer?.status).toBe(action === 'status:503' ? 503 : undefined);
      expect(await bookedFor(`ord_${action}/ship`)).toBe(0);
    }
  });

  test('refuses malformed bookings and unknown parcels', async () => {
    expect((await book('ord_6/ship', { reference: 'x' })).status).toBe(400);
    const noKey = { method: 'POST', body: JSON.stringify({ reference: 'x', to: TO }) };
    expect((await fetch(`${base}/shipments`, noKey)).status).toBe(400);
    expect((await fetch(`${base}/shipments/shp_nobody`)).status).toBe(404);
  });
});
