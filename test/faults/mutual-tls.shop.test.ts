// Tests the whole shop over mutual TLS: an order is delivered, and other callers are refused.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { peerFetch, type PeerTls } from '../../apis/rpc/peer-tls.ts';
import { certificates } from '../certificates.ts';
import { call } from '../support/accounts.ts';
import { decidedOrder, searched, stockedWare } from '../support/journeys.ts';
import { reached } from '../support/judges.ts';
import { SERVICES, startOwnShop, type OwnShop } from '../support/own-shop.ts';
import { breakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const { certified, remove } = certificates();

let own: OwnShop;
beforeAll(async () => {
  const { files } = certified('service', 'ours');
  const settings = {
    HOLDFAST_PEER_TLS_CERT: files.cert,
    HOLDFAST_PEER_TLS_KEY: files.key,
    HOLDFAST_PEER_TLS_CA: files.ca,
  };
  own = await startOwnShop(await breakableShop(), settings, 'https://localhost');
}, UP_LIMIT_MS);
afterAll(async () => {
  await own?.end();
  remove();
}, LIMIT_MS);

const callsOf = async (opsUrl: string, name: string): Promise<number> => {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const line = new RegExp(`call_duration_seconds_count\\{[^}]*name="${name}"[^}]*\\} (\\d+)`);
  return Number(line.exec(text)?.[1] ?? 0);
};

test(
  'a product is found and bought, and the order is delivered',
  async () => {
    const ware = await stockedWare(own.shop, 5);
    expect(await searched(own.shop, ware)).toMatchObject({
      variants: [{ stock: { available: 5 } }],
    });
    const { status, body } = await decidedOrder(own.shop, { sku: ware.sku });
    expect(status).toBe(201);
    await reached(own.shop, body.id, 'delivered');
    // Each call went through these processes and no other.
    const { worker, orders, gateway } = own.processes;
    const made = [
      await callsOf(gateway.opsUrl, 'holdfast.orders.v1.OrdersService/PlaceOrder'),
      await callsOf(orders.opsUrl, 'holdfast.products.v1.ProductsService/BatchGetPrices'),
      await callsOf(worker.opsUrl, 'holdfast.inventory.v1.InventoryService/Reserve'),
    ];
    expect(made.every((count) => count > 0)).toBe(true);
    const token = own.shop.env['OPERATOR_KEY'] ?? '';
    expect((await call(own.shop, 'GET', '/recovery/overview', { token })).status).toBe(200);
  },
  LIMIT_MS,
);

describe.each([...SERVICES])('the listener of %s', (service) => {
  const heard = (tls: PeerTls | undefined, url = own.urls[service]) =>
    peerFetch(tls)(`${url}/heartbeat`).then(
      ({ status }) => status,
      () => 'refused',
    );

  test('answers a peer', async () => {
    expect(await heard(certified(`peer-of-${service}`, 'ours'))).toBe(200);
  });

  test('refuses callers without a certificate of the same authority, or without TLS', async () => {
    const foreign = certified(`stranger-to-${service}`, 'theirs');
    const { ca } = certified(`trust-in-${service}`, 'ours');
    expect(await heard({ cert: '', key: '', ca })).toBe('refused');
    expect(await heard({ ...foreign, ca })).toBe('refused');
    expect(await heard(undefined)).toBe('refused');
    expect(await heard(undefined, own.urls[service].replace('https:', 'http:'))).toBe('refused');
  });
});
