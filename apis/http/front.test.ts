// The front of a door: who may call from a browser, and what every answer carries.
import { describe, expect, test } from 'bun:test';
import { fronted } from './front.ts';

const SHOP = 'https://shop.example';
const socket = { timeout: () => undefined, requestIP: () => null };

const handler = (
  corsOrigins: string[],
  more: { isSecure?: boolean; draining?: AbortSignal } = {},
) => {
  const draining = more.draining ?? new AbortController().signal;
  const answer = fronted({ corsOrigins, isSecure: more.isSecure ?? false, draining }, (request) =>
    Promise.resolve(new Response('said', { status: request.method === 'OPTIONS' ? 405 : 200 })),
  );
  return (headers: Record<string, string> = {}, method = 'GET') =>
    answer(new Request('http://door/x', { method, headers }), socket);
};

describe('an answer', () => {
  test('lets nothing be loaded, framed, sniffed or told on', async () => {
    const { headers } = await handler([])();
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; frame-ancestors 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('strict-transport-security')).toBeNull();
  });

  test('insists on TLS where the world comes in over it', async () => {
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

  test('may call when it is on the list, and nobody else may', async () => {
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

  test('is told what it may send before it does', async () => {
    const response = await handler([SHOP])(PREFLIGHT, 'OPTIONS');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  test('that is not on the list is told nothing, and OPTIONS of itself stays refused', async () => {
    expect((await handler([])(PREFLIGHT, 'OPTIONS')).status).toBe(405);
    expect((await handler([SHOP])({ origin: SHOP }, 'OPTIONS')).status).toBe(405);
  });
});
