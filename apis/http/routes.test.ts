// Tests that a wrong request never reaches a handler, and that a handler's fault shows nothing.
import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Principal } from './principals.ts';
import { appOf } from './app.ts';
import { BODY_BYTES_MAX, SHOPPER_BYTES_MAX } from './body.ts';
import { media, reply, route, type Reply, type Route, type RouteInput } from './routes.ts';

const CANARY = 'canary-4f1c';
const requested: RouteInput[] = [];
let uploaded = 0;
const thing = z.object({ ok: z.boolean() });
const remember = async (input: RouteInput): Promise<Reply<z.output<typeof thing>>> => {
  requested.push(input);
  return reply({ ok: true }, 200, { 'x-own': 'yes' });
};

const spec = {
  summary: 'A thing',
  needs: 'public' as const,
  response: thing,
  statuses: { 200: 'the thing' },
};
const ROUTES: Route[] = [
  route({
    ...spec,
    method: 'get',
    path: '/things',
    handler: (input) => remember(input as RouteInput),
  }),
  {
    ...spec,
    method: 'post',
    path: '/things',
    body: z.strictObject({ name: z.string(), price: z.number() }),
    handler: remember,
  },
  {
    ...spec,
    method: 'post',
    path: '/wares',
    needs: 'products:write',
    body: z.strictObject({ barcode: z.string() }),
    handler: remember,
  },
  { ...spec, method: 'get', path: '/things/:id', handler: remember },
  {
    ...spec,
    method: 'get',
    path: '/pages',
    query: z.strictObject({ limit: z.coerce.number().max(9).default(3) }),
    handler: remember,
  },
  { ...spec, method: 'get', path: '/passed', passesQuery: true, handler: remember },
  { ...spec, method: 'put', path: '/locked', needs: 'recovery', handler: remember },
  {
    ...spec,
    method: 'post',
    path: '/uploads',
    kind: 'upload',
    handler: async ({ request }) => {
      uploaded = 0;
      for await (const chunk of request.body ?? []) uploaded += chunk.length;
      return reply({ ok: true });
    },
  },
  {
    ...spec,
    method: 'get',
    path: '/broken',
    handler: async () => {
      throw Object.assign(new Error(CANARY), { code: CANARY, request: CANARY });
    },
  },
  {
    ...spec,
    method: 'get',
    path: '/refusing',
    handler: async () => {
      throw new DomainError('OUT_OF_STOCK', 'gone', { facts: { sku: 'a' } });
    },
  },
];

const anyone: Principal = { kind: 'anyone', storeId: DEFAULT_STORE };
const app = appOf({
  routes: ROUTES,
  telemetry: createTelemetry('routes-test', 'silent'),
  authenticate: async (_request, needs) => {
    if (needs === 'recovery') throw new DomainError('UNAUTHENTICATED', 'send a valid API key');
    return anyone;
  },
});

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  body: Record<string, unknown>;
  handled: RouteInput[];
}

const send = async (path: string, init: RequestInit = {}): Promise<Answer> => {
  requested.length = 0;
  const response = await app.fetch(new Request(`http://shop.example${path}`, init));
  const text = await response.text();
  const body = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
  return {
    status: response.status,
    headers: response.headers,
    text,
    body,
    handled: [...requested],
  };
};
const post = (text: string, type = 'application/json'): Promise<Answer> =>
  send('/things', { method: 'POST', headers: { 'content-type': type }, body: text });

/** A body of so many bytes whose length is not declared. */
const streamOf = (bytes: number): ReadableStream<Uint8Array> => {
  let left = bytes;
  return new ReadableStream({
    pull: (controller) => {
      if (left === 0) return controller.close();
      const chunk = new Uint8Array(Math.min(left, 64 * 1024)).fill(0x20);
      left -= chunk.length;
      controller.enqueue(chunk);
    },
  });
};

describe("a body longer than a shopper's may be", () => {
  test('is BODY_TOO_LARGE where anybody may send one', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = ' '.repeat(SHOPPER_BYTES_MAX + 1);
    const answer = await send('/things', { method: 'POST', headers, body });
    expect([answer.status, answer.body['code'], answer.handled]).toEqual([
      413,
      'BODY_TOO_LARGE',
      [],
    ]);
  });
});

describe('a body longer than JSON may be', () => {
  const BYTES = BODY_BYTES_MAX + 1;

  test('is streamed to the handler of an upload', async () => {
    const { status } = await send('/uploads', { method: 'POST', body: streamOf(BYTES) });
    expect([status, uploaded]).toEqual([200, BYTES]);
  });

  test('is BODY_TOO_LARGE for every other handler, also when its length is not declared', async () => {
    const headers = { 'content-type': 'application/json' };
    const answer = await send('/things', { method: 'POST', headers, body: streamOf(BYTES) });
    expect([answer.status, answer.body['code'], answer.handled]).toEqual([
      413,
      'BODY_TOO_LARGE',
      [],
    ]);
  });
});

describe('a path', () => {
  test.each(['/', '/thing', '/things/', '/things/a/b', '/THINGS', '//things', '/.env'])(
    '%s that is not there is NOT_FOUND, for every method',
    async (path) => {
      for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
        const { status, body, headers } = await send(path, { method });
        expect([method, status, body['code']]).toEqual([method, 404, 'NOT_FOUND']);
        expect(headers.get('content-type')).toBe('application/problem+json');
      }
    },
  );

  const METHODS: [path: string, allowed: string[]][] = [
    ['/things', ['GET', 'POST']],
    ['/things/1', ['GET']],
    ['/locked', ['PUT']],
  ];
  test.each(METHODS)('%s with another method is refused with Allow', async (path, allowed) => {
    const others = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'].filter(
      (method) => !allowed.includes(method),
    );
    for (const method of others) {
      const { status, body, headers, handled } = await send(path, { method });
      expect([method, status, body['code']]).toEqual([method, 405, 'METHOD_NOT_ALLOWED']);
      expect(headers.get('allow')).toBe(allowed.join(', '));
      expect(handled).toEqual([]);
    }
  });

  test('has its parameters decoded for the handler', async () => {
    const { handled } = await send('/things/a%20b%2Fc');
    expect(handled[0]?.params).toEqual({ id: 'a b/c' });
  });
});

describe('a query', () => {
  const REFUSED: [what: string, path: string][] = [
    ['an unknown parameter where none is known', '/things?limit=1'],
    ['an unknown parameter beside a known one', '/pages?limit=1&sort=name'],
    ['an unknown parameter without a value', '/things?debug'],
    ['a parameter called __proto__', '/pages?__proto__=1'],
    ['a parameter called constructor', '/pages?constructor=1'],
    ['a parameter twice', '/pages?limit=1&limit=2'],
    ['a parameter twice with one value', '/pages?limit=1&limit=1'],
    ['a parameter twice, once escaped', '/pages?limit=1&%6Cimit=2'],
    ['a known parameter with a wrong value', '/pages?limit=10'],
  ];
  test.each(REFUSED)('with %s is INVALID_INPUT', async (_what, path) => {
    const { status, body, handled } = await send(path);
    expect([status, body['code']]).toEqual([400, 'INVALID_INPUT']);
    expect(handled).toEqual([]);
  });

  test('arrives as its schema parses it', async () => {
    expect((await send('/pages?limit=7')).handled[0]?.query).toEqual({ limit: 7 });
    expect((await send('/pages')).handled[0]?.query).toEqual({ limit: 3 });
  });

  test('of a proxied path is not checked here', async () => {
    expect((await send('/passed?a=1&a=2&b')).status).toBe(200);
  });
});

describe('a body', () => {
  const REFUSED: [what: string, body: string, type: string, status: number, code: string][] = [
    ['of another type', '{}', 'text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['that is not JSON', '{', 'application/json', 400, 'MALFORMED_BODY'],
    ['with a key twice', '{"name":"a","name":"b"}', 'application/json', 400, 'MALFORMED_BODY'],
    ['of another shape', '{"name":1,"price":1}', 'application/json', 400, 'INVALID_INPUT'],
    [
      'with an unknown field',
      '{"name":"","price":1,"x":1}',
      'application/json',
      400,
      'INVALID_INPUT',
    ],
    [
      'with a card number',
      '{"name":"4242 4242 4242 4242","price":1}',
      'application/json; charset=utf-8',
      400,
      'CARD_DATA_FORBIDDEN',
    ],
  ];
  test.each(REFUSED)('%s never reaches the handler', async (_what, text, type, status, code) => {
    const answer = await post(text, type);
    expect([answer.status, answer.body['code']]).toEqual([status, code]);
    expect(answer.handled).toEqual([]);
  });

  test('with a card number is refused with the path of its field', async () => {
    const ROWS: [text: string, path: string][] = [
      ['{"name":"4242 4242 4242 4242","price":1}', 'name'],
      ['{"name":"a","price":4242424242424242}', 'price'],
      ['{"lines":[{"sku":"a"},{"sku":"42424\\u00324242424242"}]}', 'lines.1.sku'],
      ['{"a":{"4242424242424242":1}}', 'a'],
      ['"4242424242424242"', ''],
      ['card=4242424242424242', ''],
    ];
    for (const [text, path] of ROWS) {
      const { body } = await post(text);
      expect([text, body['code'], body['errors']]).toEqual([
        text,
        'CARD_DATA_FORBIDDEN',
        [{ path, message: 'has a card number, which must never be sent here' }],
      ]);
    }
  });

  test('of a store may have any number: barcodes look like cards', async () => {
    const barcode = '36227206271667';
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ barcode }) };
    expect((await send('/wares', init)).handled[0]?.body).toEqual({ barcode });
    expect((await post(JSON.stringify({ name: barcode, price: 1 }))).status).toBe(400);
  });

  test('arrives as its schema parses it, and only where the route has one', async () => {
    const { handled } = await post('{"name":"a","price":1.5}');
    expect(handled[0]?.body).toEqual({ name: 'a', price: 1.5 });
    expect((await send('/things')).handled[0]?.body).toBeUndefined();
  });
});

describe('a response', () => {
  test('carries the request id of the caller, when it is valid', async () => {
    const headers = { 'x-request-id': 'caller-id-0001' };
    const answer = await send('/things', { headers });
    expect(answer.headers.get('x-request-id')).toBe('caller-id-0001');
    expect(answer.handled[0]?.requestId).toBe('caller-id-0001');
    expect(answer.headers.get('x-own')).toBe('yes');
    expect((await send('/nowhere', { headers })).body['requestId']).toBe('caller-id-0001');
  });

  test.each(['x'.repeat(65), 'a b c d e f', '<script>alert'])(
    'carries a new request id instead of %p',
    async (given) => {
      const answer = await send('/things', { headers: { 'x-request-id': given } });
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  test('of a handler that refuses is its problem', async () => {
    const { status, body } = await send('/refusing');
    expect([status, body['code'], body['sku']]).toEqual([409, 'OUT_OF_STOCK', 'a']);
  });

  test('of a handler that fails is a 500 that shows nothing of the fault', async () => {
    const { status, body, text, headers } = await send('/broken');
    expect([status, body['code']]).toEqual([500, 'INTERNAL']);
    expect(text).not.toContain(CANARY);
    expect(JSON.stringify([...headers])).not.toContain(CANARY);
    expect(headers.get('x-request-id')).toBe(String(body['requestId']));
  });

  test('to a caller without permission is sent before the body is read', async () => {
    const { status, body, handled } = await send('/locked?x=1', { method: 'PUT' });
    expect([status, body['code']]).toEqual([401, 'UNAUTHENTICATED']);
    expect(handled).toEqual([]);
  });
});

describe('a checked response', () => {
  const answering = (body: unknown) =>
    appOf({
      routes: [
        { ...spec, method: 'get', path: '/thing', handler: async () => reply(body) },
        {
          ...spec,
          response: media('text/plain'),
          method: 'get',
          path: '/text',
          handler: async () => new Response('as it is'),
        },
      ],
      telemetry: createTelemetry('routes-test', 'silent'),
      authenticate: async () => anyone,
      checksResponses: true,
    });

  test.each([
    ['as its schema describes it', { ok: true }, 200],
    ['without a field', {}, 500],
    ['of another type', { ok: 'yes' }, 500],
    ['with a field that is not described', { ok: true, secret: CANARY }, 500],
  ])('%s has status %#', async (_what, body, status) => {
    const response = await answering(body).request('/thing');
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain(CANARY);
  });

  test('that is not JSON is sent as it is', async () => {
    expect(await (await answering({}).request('/text')).text()).toBe('as it is');
  });
});

describe('a body of unknown length', () => {
  const chunked = (bytes: number) =>
    new Request('http://shop.example/things', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'transfer-encoding': 'chunked' },
      body: new ReadableStream({
        pull: (controller) => {
          controller.enqueue(new TextEncoder().encode(' '.repeat(bytes)));
          controller.close();
        },
      }),
    });

  test('is read to the limit and refused beyond it', async () => {
    const response = await app.fetch(chunked(2 * 1024 * 1024));
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
      413,
      'BODY_TOO_LARGE',
    ]);
    expect((await app.fetch(chunked(1024))).status).toBe(400);
  });
});
