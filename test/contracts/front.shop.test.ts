// Tests the gateway's headers, CORS, timeouts of slow clients, and its graceful end.
import { beforeAll, describe, expect, test } from 'bun:test';
import { connect } from 'node:net';
import { startGateway, withGateway, type Gateway } from '../support/gateways.ts';
import { ADDRESS, JSON_TYPE, newEmail, placeOrder, stockedWare } from '../support/journeys.ts';
import { bearer, expectProblem, send } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 90_000;
const SHOP = 'https://shop.example';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

/**
 * The response to these chunks, each sent `everyMs` after the other, until the connection closes.
 */
const trickled = (url: string, pieces: string[], everyMs: number): Promise<string> => {
  const { port, hostname } = new URL(url);
  const answer = Promise.withResolvers<string>();
  const socket = connect(Number(port), hostname);
  let received = '';
  const next = (): void => {
    const piece = pieces.shift();
    if (piece === undefined || socket.destroyed) return;
    socket.write(piece);
    setTimeout(next, everyMs);
  };
  socket.on('connect', next);
  socket.on('data', (data: Buffer) => {
    received += data.toString();
    socket.end();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => answer.resolve(received));
  return answer.promise;
};

describe('every response of the gateway', () => {
  test('carries the security headers, refusals and pages too', async () => {
    for (const path of ['/heartbeat', '/nothing', '/docs', '/orders', '/openapi.json']) {
      const { headers } = await send(shop, { method: 'GET', path });
      expect([path, headers.get('x-content-type-options')]).toEqual([path, 'nosniff']);
      expect([path, headers.get('content-security-policy')]).toEqual([
        path,
        expect.stringContaining("default-src 'none'"),
      ]);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});

test('every response of a service behind it carries them as well', async () => {
  for (const name of ['PRODUCTS', 'SEARCH', 'INVENTORY', 'ORDERS', 'RECOVERY']) {
    for (const path of ['/heartbeat', '/nothing']) {
      const { headers } = await fetch(`${shop.env[`${name}_URL`]}${path}`);
      expect([name, headers.get('x-content-type-options')]).toEqual([name, 'nosniff']);
    }
  }
});

test(
  'a listed origin may call from a browser, with the headers of a checkout',
  () =>
    withGateway({ HOLDFAST_CORS_ORIGINS: SHOP }, async ({ url }) => {
      const preflight = { origin: SHOP, 'access-control-request-method': 'POST' };
      const before = await fetch(`${url}/orders`, { method: 'OPTIONS', headers: preflight });
      expect([before.status, before.headers.get('access-control-allow-origin')]).toEqual([
        204,
        SHOP,
      ]);
      const refused = await fetch(`${url}/orders`, {
        method: 'POST',
        headers: { ...JSON_TYPE, origin: SHOP },
        body: '{}',
      });
      expect(refused.headers.get('access-control-allow-origin')).toBe(SHOP);
      expect(refused.headers.get('access-control-expose-headers')).toContain('retry-after');
      const foreign = { ...preflight, origin: 'https://evil.example' };
      const other = await fetch(`${url}/orders`, { method: 'OPTIONS', headers: foreign });
      await expectProblem(other, 405, 'METHOD_NOT_ALLOWED');
      expect(other.headers.get('access-control-allow-origin')).toBeNull();
    }),
  LIMIT_MS,
);

describe('a caller that', () => {
  const url = (): string => shop.env['GATEWAY_URL'] ?? '';

  test('sends more than 16 KiB of headers is refused: 431', async () => {
    for (const headers of [{ 'x-a': 'a'.repeat(20_000) }, { cookie: 'a'.repeat(17_000) }]) {
      const { status } = await send(shop, { method: 'GET', path: '/heartbeat', headers });
      expect(status).toBe(431);
    }
  });

  test(
    'never ends its headers is disconnected',
    async () => {
      const pieces = [
        'GET /heartbeat HTTP/1.1\r\n',
        ...Array.from({ length: 20 }, () => 'x: 1\r\n'),
      ];
      expect(await trickled(url(), pieces, 3_000)).not.toContain('200');
    },
    LIMIT_MS,
  );

  test(
    'lets a body trickle in is refused: 408 BODY_TOO_SLOW',
    async () => {
      const head = `POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n`;
      const pieces = [
        `${head}content-length: 100\r\n\r\n`,
        ...Array.from({ length: 40 }, () => ' '),
      ];
      const received = await trickled(url(), pieces, 1_000);
      expect(received).toStartWith('HTTP/1.1 408');
      expect(received).toContain('BODY_TOO_SLOW');
    },
    LIMIT_MS,
  );
});

describe('a gateway that is stopped', () => {
  const GRACE = { HOLDFAST_DRAIN_GRACE_MS: '2000' };

  test(
    'is not ready at once, and answers until no balancer can send to it',
    () =>
      withGateway(GRACE, async ({ url, opsUrl, signal, exited }) => {
        signal('SIGTERM');
        const draining = async () =>
          ((await (await fetch(`${opsUrl}/ready`)).json()) as { draining: boolean }).draining;
        while (!(await draining())) await Bun.sleep(5);
        const late = await fetch(`${url}/heartbeat`);
        expect([late.status, late.headers.get('connection')]).toEqual([200, 'close']);
        expect(await exited).toBe(0);
        expect(await fetch(`${url}/heartbeat`).then(Boolean, () => false)).toBe(false);
      }),
    LIMIT_MS,
  );

  test(
    'ends its live timelines, which continue at another gateway',
    () =>
      withGateway(GRACE, async ({ url, signal, exited }) => {
        const { sku } = await stockedWare(shop, 1);
        const paymentMethod = 'pm_card_authenticationRequired';
        const { body } = await placeOrder(shop, { sku, paymentMethod });
        const followed = await fetch(`${url}/orders/${body.id}/events`, {
          headers: { accept: 'text/event-stream', ...bearer(body.accessToken) },
        });
        expect(followed.status).toBe(200);
        signal('SIGTERM');
        expect(await followed.text()).toContain('event: OrderAccepted');
        expect(await exited).toBe(0);
      }),
    LIMIT_MS,
  );

  test(
    'fails no request of a rolling restart under load, behind a balancer that checks readiness',
    async () => {
      const { sku } = await stockedWare(shop, 1_000);
      let gateways: Gateway[] = [await startGateway(GRACE), await startGateway(GRACE)];
      const isReady = ({ opsUrl }: Gateway): Promise<boolean> =>
        fetch(`${opsUrl}/ready`).then(
          ({ ok }) => ok,
          () => false,
        );
      /** Sends as a balancer does: only to a ready gateway, and nothing twice. */
      const through = async (path: string, init: RequestInit): Promise<number> => {
        for (let at = 0; ; at++) {
          const one = gateways[at % gateways.length];
          if (one && (await isReady(one))) return (await fetch(`${one.url}${path}`, init)).status;
        }
      };
      const buy = () =>
        through('/orders', {
          method: 'POST',
          headers: { ...JSON_TYPE, 'idempotency-key': crypto.randomUUID() },
          body: JSON.stringify({
            lines: [{ sku, quantity: 1 }],
            email: newEmail(),
            shippingAddress: ADDRESS,
            paymentMethod: 'pm_card_visa',
          }),
        });
      const outcomes: Record<string, number> = {};
      let rolling = true;
      const shopper = async (call: () => Promise<number>): Promise<void> => {
        while (rolling) {
          const outcome = await call().catch((error: unknown) => `failed: ${String(error)}`);
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        }
      };
      const reads = () => through('/openapi.json', {});
      const load = [buy, reads, reads].map(shopper);
      for (const old of [...gateways]) {
        await old.end();
        expect(await old.exited).toBe(0);
        gateways = gateways.filter((one) => one !== old);
        gateways.push(await startGateway(GRACE));
      }
      rolling = false;
      await Promise.all(load);
      await Promise.all(gateways.map((one) => one.end()));
      expect(Object.keys(outcomes).filter((one) => !['200', '201', '202'].includes(one))).toEqual(
        [],
      );
      expect(outcomes['200']).toBeGreaterThan(10);
    },
    LIMIT_MS,
  );
});
