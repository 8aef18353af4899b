// Tests which requests count as sent by another site's page.
import { describe, expect, test } from 'bun:test';
import { foreignTo } from './own-pages.ts';

const sent = (method: string, headers: Record<string, string>): Request =>
  new Request('http://127.0.0.1:24020/auth/sign-out', {
    method,
    headers: { host: '127.0.0.1:24020', ...headers },
  });

describe('a request of a browser', () => {
  const isForeign = foreignTo('https://shop.example');
  test.each([
    ["the shop's own page", { origin: 'https://shop.example' }, false],
    ['another site', { origin: 'https://evil.example' }, true],
    ['a neighbour of the same site', { origin: 'https://blog.shop.example' }, true],
    ['another port', { origin: 'https://shop.example:8443' }, true],
    ['the same host over http', { origin: 'http://shop.example' }, true],
    ['the host that a proxy names', { origin: 'http://127.0.0.1:24020' }, true],
    ['a sandboxed page', { origin: 'null' }, true],
    ['a cross-site form of an old browser', { 'sec-fetch-site': 'cross-site' }, true],
    ['no browser', {}, false],
  ])('from %s', (_from, headers, expected) => {
    expect(isForeign(sent('POST', headers as Record<string, string>))).toBe(expected);
  });

  test('that is safe is judged by its site alone', () => {
    expect(isForeign(sent('GET', { origin: 'https://blog.shop.example' }))).toBe(false);
    expect(isForeign(sent('GET', { 'sec-fetch-site': 'cross-site' }))).toBe(true);
  });

  test('to a local shop may come by any of its names, and from no other port', () => {
    const isForeignHere = foreignTo('http://127.0.0.1:24020');
    const named = { host: 'localhost:24020', origin: 'http://localhost:24020' };
    expect(isForeignHere(sent('POST', named))).toBe(false);
    expect(isForeignHere(sent('POST', { origin: 'http://127.0.0.1:24220' }))).toBe(true);
  });
});
