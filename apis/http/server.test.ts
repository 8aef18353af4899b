// Tests the listener by raw sockets: wrong hosts, pipelined requests, and nothing that it logs.
import { afterAll, beforeAll, describe, expect, spyOn, test } from 'bun:test';
import { connect } from 'node:net';
import { listen, type Listener } from './server.ts';

let listener: Listener;
const held = Promise.withResolvers<void>();
beforeAll(() => {
  listener = listen('127.0.0.1', 0, async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/held') await held.promise;
    return new Response(`<${pathname}>`);
  });
});
afterAll(() => listener.stop());

/** What comes back until the connection closes or `isEnough`. */
const sent = (text: string, isEnough: (received: string) => boolean): Promise<string> => {
  const answer = Promise.withResolvers<string>();
  const socket = connect(listener.port, '127.0.0.1');
  let received = '';
  socket.on('data', (data: Buffer) => {
    received += data.toString();
    if (isEnough(received)) socket.destroy();
  });
  socket.on('error', () => undefined);
  socket.on('close', () => answer.resolve(received));
  socket.write(text);
  return answer.promise;
};
const get = (path: string, ...hosts: string[]): string =>
  `GET ${path} HTTP/1.1\r\n${hosts.map((host) => `Host: ${host}\r\n`).join('')}\r\n`;

describe('a Host header', () => {
  const WRONG = ['', 'a b', '[::1', 'a:99999', 'a/b', '<>', 'a@b', '\u00e4', 'a,b'];
  test('that is no host is refused with a problem, and nothing is logged', async () => {
    const logged = spyOn(console, 'error');
    for (const host of WRONG) {
      const answer = await sent(get('/a', host), (text) => text.includes('}'));
      expect([host, answer]).toEqual([host, expect.stringContaining('HTTP/1.1 400')]);
      expect(answer.toLowerCase()).toContain('content-type: application/problem+json');
      expect(answer).toContain('"code":"INVALID_INPUT"');
      expect(answer).toContain('"path":"Host"');
    }
    expect(logged).not.toHaveBeenCalled();
    logged.mockRestore();
  });

  test('that is there twice is refused, as is one that HTTP/1.0 left out', async () => {
    const isWhole = (text: string): boolean => text.includes('}');
    expect(await sent(get('/a', 'a', 'b'), isWhole)).toContain('"code":"INVALID_INPUT"');
    expect(await sent('GET /a HTTP/1.0\r\n\r\n', isWhole)).toContain('"code":"INVALID_INPUT"');
  });

  test('that is missing is refused by the server itself, which closes the connection', async () => {
    const answer = await sent('GET /a HTTP/1.1\r\n\r\n', () => false);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\n\r\n$/);
  });

  test('may be a name, an address and a port', async () => {
    for (const host of ['shop.example', 'shop.example:8080', '127.0.0.1:1', '[::1]:443', 'a_b']) {
      const answer = await sent(get('/a', host), (text) => text.includes('>'));
      expect([host, answer.split('\r\n')[0]]).toEqual([host, 'HTTP/1.1 200 OK']);
    }
  });
});

/**
 * Bun answers pipelined requests only while each is answered at once. It closes the connection when
 * a request comes before the answer to the last one (RFC 9112, 9.3.2: a client then sends again what
 * was not answered; https://github.com/oven-sh/bun/pull/38128 would hold the request instead).
 * What must not happen is an answer to another request.
 */
describe('a pipelined request', () => {
  const bodies = (text: string): string[] => text.match(/<[^>]*>/g) ?? [];

  test('is answered in order, or not at all', async () => {
    const three = ['/1', '/2', '/3'].map((path) => get(path, 'shop.example')).join('');
    const answer = await sent(three, (text) => bodies(text).length === 3);
    expect(['</1></2></3>', '</1></2>', '</1>', '']).toContain(bodies(answer).join(''));
  });

  test('behind one that is not answered yet closes the connection, without an answer', async () => {
    const two = get('/held', 'shop.example') + get('/2', 'shop.example');
    expect(await sent(two, () => false)).toBe('');
    held.resolve();
    const after = await sent(get('/3', 'shop.example'), (text) => text.includes('>'));
    expect(bodies(after)).toEqual(['</3>']);
  });
});
