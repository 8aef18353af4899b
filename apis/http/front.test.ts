// Tests security headers, CORS and the connections of a process that is about to end.
import { describe, expect, test } from 'bun:test';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { appOf } from './app.ts';
import { media, route } from './routes.ts';

const SHOP = 'https://shop.example';
const PAGE = route({
  method: 'get',
  path: '/x',
  summary: 'A page.',
  needs: 'public',
  response: media('text/plain'),
  statuses: { 200: 'the page' },
  handler: async () => new Response('a page'),
});

const handler = (
  corsOrigins: string[],
  { isSecure = false, draining = new AbortController().signal } = {},
) => {
  const app = appOf({
    routes: [PAGE],
    telemetry: createTelemetry('front-test', 'silent'),
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
    front: { corsOrigins, isSecure, draining },
  });
  return (headers: Record<string, string> = {}, method = 'GET') =>
    app.request('http://api.example/x', { method, headers });
};

describe('a response', () => {
  test('forbids loading, framing and sniffing, and sends no referrer', async () => {
    const { headers } = await handler([])();
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  test('requires TLS where the public address is https', async () => {
    const { headers } = await handler([], { isSecure: true })();
    expect(headers.get('strict-transport-security')).toStartWith('max-age=');
  });

  test('closes its connection once the process is about to end', async () => {
    const ending = new AbortController();
    const input = handler([], { draining: ending.signal });
    expect((await input()).headers.get('connection')).toBeNull();
    ending.abort();
    expect((await input()).headers.get('connection')).toBe('close');
  });
});

describe('a page on another origin', () => {
  const PREFLIGHT = { origin: SHOP, 'access-control-request-method': 'POST' };

  test('may call when it is on the list, and no other may', async () => {
    const input = handler([SHOP]);
    for (const [origin, allowed] of [
      [SHOP, SHOP],
      ['https://shop.example.evil.example', null],
      ['http://shop.example', null],
      ['https://SHOP.example', null],
      ['null', null],
    ] as const) {
      const { headers } = await input({ origin });
      expect([origin, headers.get('access-control-allow-origin')]).toEqual([origin, allowed]);
      expect(headers.get('vary')).toContain('Origin');
      expect(headers.get('access-control-allow-credentials')).toBeNull();
    }
  });

  test('learns from a preflight what it may send', async () => {
    const response = await handler([SHOP])(PREFLIGHT, 'OPTIONS');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  test('that is not on the list gets no CORS headers, and OPTIONS stays refused', async () => {
    expect((await handler([])(PREFLIGHT, 'OPTIONS')).status).toBe(405);
    expect((await handler([SHOP])({ origin: SHOP }, 'OPTIONS')).status).toBe(405);
  });
});
