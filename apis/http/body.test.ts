// Tests that bodies are read chunk by chunk, within their limits and in time, without a copy.
import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { appOf } from './app.ts';
import { media, type Route } from './routes.ts';
import { DomainError } from '../../domain/errors.ts';
import { BODY_BYTES_MAX, boundedPieces, textBody } from './body.ts';

const LIMITS = { bytesMax: 1024 * 1024, ms: 5_000 };
const PIECES = 64;

/** A request whose body is made chunk by chunk, as it is read. */
const requestOf = (pull: (at: number) => Promise<Uint8Array | undefined>): Request => {
  let at = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const piece = await pull(at++);
      if (piece) controller.enqueue(piece);
      else controller.close();
    },
  });
  return new Request('http://shop/', { method: 'POST', body });
};

const refusalOf = async (pieces: AsyncIterable<Uint8Array>): Promise<string> => {
  try {
    for await (const piece of pieces) expect(piece.byteLength).toBeGreaterThan(0);
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
  return 'taken';
};

describe('a body that is read chunk by chunk', () => {
  test('keeps no chunk once the next one is read', async () => {
    const made: WeakRef<Uint8Array>[] = [];
    const request = requestOf(async (at) => {
      if (at === PIECES) return undefined;
      const piece = new Uint8Array(1024);
      made.push(new WeakRef(piece));
      return piece;
    });
    const pieces = boundedPieces(request, LIMITS);
    for (let at = 0; at < PIECES; at++) await pieces.next();
    Bun.gc(true);
    await Bun.sleep(1);
    Bun.gc(true);
    // The collector scans the stack conservatively: a few chunks may seem to be in use.
    const kept = made.filter((one) => one.deref() !== undefined).length;
    expect([made.length, kept < PIECES / 4]).toEqual([PIECES, true]);
    await pieces.return(undefined);
  });

  test('is refused as soon as it is too long, or too slow', async () => {
    const long = requestOf(async () => new Uint8Array(64 * 1024));
    expect(await refusalOf(boundedPieces(long, LIMITS))).toBe('BODY_TOO_LARGE');
    const slow = requestOf(async (at) =>
      at === 0 ? new Uint8Array(1) : new Promise(() => undefined),
    );
    expect(await refusalOf(boundedPieces(slow, { ...LIMITS, ms: 50 }))).toBe('BODY_TOO_SLOW');
    const idle = boundedPieces(
      requestOf(async (at) => (at < 3 ? new Uint8Array(1) : undefined)),
      { ...LIMITS, ms: 20 },
    );
    await idle.next();
    await Bun.sleep(40);
    expect(await refusalOf(idle)).toBe('BODY_TOO_SLOW');
  });
});

test('a body whose sender disconnects is refused, and is no fault', async () => {
  const sender = new AbortController();
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sender.abort();
      controller.error(sender.signal.reason);
    },
  });
  const request = new Request('http://shop/', { method: 'POST', body, signal: sender.signal });
  expect(await refusalOf(boundedPieces(request, LIMITS))).toBe('MALFORMED_BODY');
});

describe('a body that is read whole', () => {
  const app = appOf({
    routes: [
      {
        method: 'post',
        path: '/',
        summary: 'Reads a body.',
        needs: 'public',
        kind: 'webhook',
        response: media('text/plain'),
        statuses: {},
        handler: async ({ request }) => {
          const text = await textBody(request);
          return new Response(text.length < 100 ? text : `${text.length} characters`);
        },
      },
    ],
    telemetry: createTelemetry('body-test', 'silent'),
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
  });
  const served = async (send: (url: string) => Promise<Response>): Promise<string> => {
    const server = Bun.serve({ port: 0, fetch: (request) => app.fetch(request) });
    try {
      const response = await send(server.url.href);
      const text = await response.text();
      return response.ok ? text : (JSON.parse(text) as { code: string }).code;
    } finally {
      // A refused body is not read to its end: a graceful stop would wait for it.
      await server.stop(true);
    }
  };
  const chunked = (text: string) =>
    new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(text));
        controller.close();
      },
    });
  const posted = (body: string | Uint8Array | ReadableStream) => (url: string) =>
    fetch(url, { method: 'POST', body });

  test('is the same with a declared length and without', async () => {
    for (const text of ['', '{"a":"ä"}', 'x'.repeat(BODY_BYTES_MAX)]) {
      const expected = text.length < 100 ? text : `${text.length} characters`;
      expect(await served(posted(text))).toBe(expected);
      expect(await served(posted(chunked(text)))).toBe(expected);
    }
  });

  test('is refused when it is too long or no text, either way', async () => {
    const long = 'x'.repeat(BODY_BYTES_MAX + 1);
    expect(await served(posted(long))).toBe('BODY_TOO_LARGE');
    expect(await served(posted(chunked(long)))).toBe('BODY_TOO_LARGE');
    expect(await served(posted(new Uint8Array([0x7b, 0xff])))).toBe('MALFORMED_BODY');
  });
});

test('a body may be missing where its schema has a default, and nowhere else', async () => {
  const taken: unknown[] = [];
  const routeOf = (path: string, body: z.ZodType): Route => ({
    method: 'post',
    path,
    body,
    summary: 'Takes a body.',
    needs: 'public',
    response: media('text/plain'),
    statuses: {},
    handler: async (input) => {
      taken.push(input.body);
      return new Response('taken');
    },
  });
  const empty = z.strictObject({});
  const app = appOf({
    routes: [routeOf('/may', empty.default({})), routeOf('/must', empty)],
    telemetry: createTelemetry('body-test', 'silent'),
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
  });
  const post = async (path: string, init: RequestInit): Promise<number> =>
    (await app.request(`http://shop.example${path}`, { method: 'POST', ...init })).status;
  const headers = { 'content-type': 'application/json' };
  expect(await post('/may', {})).toBe(200);
  expect(await post('/may', { headers })).toBe(200);
  expect(await post('/may', { headers, body: '' })).toBe(200);
  expect(await post('/may', { headers, body: '{}' })).toBe(200);
  expect(taken).toEqual([{}, {}, {}, {}]);
  expect(await post('/may', { body: '{}' })).toBe(415);
  expect(await post('/may', { headers, body: '{"a":1}' })).toBe(400);
  expect(await post('/must', {})).toBe(415);
  expect(await post('/must', { headers })).toBe(400);
});
