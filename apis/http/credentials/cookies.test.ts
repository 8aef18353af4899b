// Tests the shop's cookies: their names, and which requests another site's page sends.
import { describe, expect, test } from 'bun:test';
import { cookiesOf } from './cookies.ts';

const sent = (method: string, headers: Record<string, string>): Request =>
  new Request('http://127.0.0.1:24020/auth/sign-out', {
    method,
    headers: { host: '127.0.0.1:24020', ...headers },
  });

describe('a request of a browser', () => {
  const { isForeign } = cookiesOf('https://shop.example');
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
    const { isForeign: isForeignHere } = cookiesOf('http://127.0.0.1:24020');
    const named = { host: 'localhost:24020', origin: 'http://localhost:24020' };
    expect(isForeignHere(sent('POST', named))).toBe(false);
    expect(isForeignHere(sent('POST', { origin: 'http://127.0.0.1:24220' }))).toBe(true);
  });
});

describe('a cookie', () => {
  const overTls = cookiesOf('https://shop.example');
  const here = cookiesOf('http://127.0.0.1:24020');
  const there = cookiesOf('http://127.0.0.1:25020');

  test('is bound to its host over TLS', () => {
    expect(overTls.write('session', 'x', 60)).toBe(
      '__Host-holdfast.session=x; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
    );
  });

  test('has its shop in its name over http, so that two shops of a machine keep their own', () => {
    const cookie = [here.write('session', 'mine'), there.write('session', 'theirs')]
      .map((one) => one.split(';')[0])
      .join('; ');
    const request = sent('GET', { cookie });
    expect([here.read(request, 'session'), there.read(request, 'session')]).toEqual([
      'mine',
      'theirs',
    ]);
  });

  test('of another name is not read: another host or plain http may have set it', () => {
    const names = ['holdfast.session', '__Secure-holdfast.session', 'holdfast.session.443'];
    const cookie = names.map((name) => `${name}=x`).join('; ');
    expect(overTls.read(sent('GET', { cookie }), 'session')).toBeUndefined();
  });

  test("is not read from another site's page", () => {
    const cookie = '__Host-holdfast.session=x';
    const read = (method: string, headers: Record<string, string>) =>
      overTls.read(sent(method, { cookie, ...headers }), 'session');
    expect(read('POST', { origin: 'https://shop.example' })).toBe('x');
    expect(read('POST', {})).toBe('x');
    expect(read('POST', { origin: 'https://evil.example' })).toBeUndefined();
    expect(read('DELETE', { origin: 'null' })).toBeUndefined();
    expect(read('GET', { 'sec-fetch-site': 'cross-site' })).toBeUndefined();
  });
});
