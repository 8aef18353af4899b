// Tests the gate: bodies hold no slot and cost by size, and an address has so many calls at once.
import { describe, expect, test } from 'bun:test';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import { appOf } from '../../http/app.ts';
import { SHOPPER_BYTES_MAX } from '../../http/body.ts';
import type { CallKind } from '../../http/gate.ts';
import { media, type Route } from '../../http/routes.ts';
import { createConcurrencyLimits } from './concurrency-limits.ts';
import { gateOf } from './gate.ts';
import { createSubjectLimit, createBodyLimits } from './in-flight.ts';
import { COSTS, limitsOf } from './profiles.ts';
import type { Rates } from './rates.ts';

const KIB = 1024;

interface Settings {
  slots?: number;
  byAddress?: number;
  bodies?: { bodiesMax?: number; bytesMax?: number };
  takes?: Rates['take'];
  now?: () => number;
  /** How long a call is worked on. */
  work?: () => Promise<void>;
}

/** A stream that sends nothing, and lasts until its reader cancels it. */
const FOLLOWED: Route = {
  method: 'get',
  path: '/follow',
  kind: 'follow',
  summary: 'A stream.',
  needs: 'public',
  response: media('text/event-stream'),
  statuses: {},
  handler: async () =>
    new Response(new ReadableStream({ start: () => undefined }), {
      headers: { 'content-type': 'text/event-stream' },
    }),
};

const appWith = ({ slots = 1, byAddress = 100, bodies, takes, now, work }: Settings) => {
  const telemetry = createTelemetry('gate-test', 'silent');
  return appOf({
    routes: [
      ...(['read', 'write', 'upload'] as CallKind[]).map((kind): Route => ({
        method: 'post',
        path: `/${kind}`,
        kind,
        summary: 'Takes a body.',
        needs: 'public',
        response: media('text/plain'),
        statuses: {},
        handler: async ({ request }) => {
          await work?.();
          return new Response(String((await request.bytes()).length));
        },
      })),
      FOLLOWED,
    ],
    telemetry,
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
    gate: gateOf({
      rates: { take: takes ?? (async () => undefined) },
      limits: createConcurrencyLimits(
        { ...limitsOf('local', {}).atOnce, read: slots, write: slots },
        telemetry,
        now,
      ),
      addresses: createSubjectLimit(byAddress),
      streams: createSubjectLimit(byAddress),
      uploads: createSubjectLimit(byAddress),
      bodies: createBodyLimits(telemetry, bodies),
    }),
  });
};
type App = ReturnType<typeof appWith>;

const MINE = '203.0.113.1';
const THEIRS = '203.0.113.2';

const post = (app: App, body: string | ReadableStream, { from = MINE, path = '/write' } = {}) =>
  Promise.resolve(
    app.request(`http://shop.example${path}`, { method: 'POST', body }, { address: from }),
  );
const codeOf = async (answer: Promise<Response>): Promise<unknown> => {
  const response = await answer;
  return response.ok
    ? response.status
    : [response.status, ((await response.json()) as { code: string }).code];
};

/** A body of which the first bytes come, and the rest when it is ended. */
const slowBody = (first = 1) => {
  let source: ReadableStreamDefaultController | undefined;
  const begun = Promise.withResolvers<void>();
  const body = new ReadableStream({
    start: (controller) => {
      source = controller;
      controller.enqueue(new Uint8Array(first));
    },
    pull: () => begun.resolve(),
  });
  return { body, begun: begun.promise, end: () => source?.close() };
};

describe('a body that comes slowly', () => {
  test('keeps no other call waiting', async () => {
    const app = appWith({ slots: 1 });
    const slow = Array.from({ length: 20 }, () => slowBody());
    const answers = slow.map(({ body }) => post(app, body));
    await Promise.all(slow.map(({ begun }) => begun));
    expect(await codeOf(post(app, 'x', { from: THEIRS }))).toBe(200);
    for (const [at, { end }] of slow.entries()) {
      end();
      expect(await codeOf(answers[at]!)).toBe(200);
    }
  });

  test('is not learned as slow work: its time narrows no limit', async () => {
    const SLOTS = 32;
    let nowMs = 0;
    const inside = Promise.withResolvers<void>();
    const app = appWith({ slots: SLOTS, now: () => nowMs, work: () => inside.promise });
    const round = async (): Promise<unknown[]> => {
      const bodies = Array.from({ length: SLOTS }, () => slowBody());
      const answers = bodies.map(({ body }) => codeOf(post(app, body, { path: '/read' })));
      await Promise.all(bodies.map(({ begun }) => begun));
      nowMs += 8_000;
      for (const { end } of bodies) end();
      inside.resolve();
      return Promise.all(answers);
    };
    const all = Array.from({ length: SLOTS }, () => 200);
    expect(await round()).toEqual(all);
    expect(await round()).toEqual(all);
  });

  test('is read only where its address has units left', async () => {
    const refusing = appWith({
      takes: async () => {
        throw new Error('no units left');
      },
    });
    const { body } = slowBody();
    expect((await post(refusing, body)).status).toBe(500);
    expect(body.locked).toBe(false);
  });
});

describe('an address', () => {
  test('has so many calls at once, slow bodies among them; another one is served', async () => {
    const app = appWith({ slots: 100, byAddress: 5 });
    const slow = Array.from({ length: 5 }, () => slowBody());
    const answers = slow.map(({ body }) => post(app, body));
    await Promise.all(slow.map(({ begun }) => begun));
    expect(await codeOf(post(app, 'x'))).toEqual([429, 'RATE_LIMITED']);
    expect(await codeOf(post(app, 'x', { from: THEIRS }))).toBe(200);
    slow[0]?.end();
    expect(await codeOf(answers[0]!)).toBe(200);
    expect(await codeOf(post(app, 'x'))).toBe(200);
    for (const { end } of slow.slice(1)) end();
    expect(await Promise.all(answers.slice(1).map(codeOf))).toEqual([200, 200, 200, 200]);
  });

  test('follows so many timelines at once, until it leaves one', async () => {
    const app = appWith({ byAddress: 2 });
    const follow = async (address = MINE): Promise<Response> =>
      app.request('/follow', {}, { address });
    const [first] = [await follow(), await follow()];
    expect(await codeOf(follow())).toEqual([429, 'RATE_LIMITED']);
    expect((await follow(THEIRS)).status).toBe(200);
    expect(await codeOf(post(app, 'x'))).toBe(200);
    await first.body?.cancel();
    expect((await follow()).status).toBe(200);
  });

  test('holds no timeline by HEAD, which has no body to read', async () => {
    const app = appWith({ byAddress: 1 });
    for (let at = 0; at < 3; at++) {
      const { status } = await app.request('/follow', { method: 'HEAD' }, { address: MINE });
      expect(status).toBe(200);
    }
  });

  test('is counted no longer once its call was refused', async () => {
    const app = appWith({ byAddress: 1 });
    const long = 'x'.repeat(SHOPPER_BYTES_MAX + 1);
    for (let at = 0; at < 3; at++) {
      expect(await codeOf(post(app, long))).toEqual([413, 'BODY_TOO_LARGE']);
    }
    expect(await codeOf(post(app, 'x'))).toBe(200);
  });
});

describe('a store', () => {
  test('has so many uploads at once, from whatever addresses', async () => {
    const app = appWith({ byAddress: 2 });
    const upload = (body: string | ReadableStream, at: number): Promise<Response> =>
      post(app, body, { from: `198.51.100.${at}`, path: '/upload' });
    const slow = [slowBody(), slowBody()];
    const answers = slow.map(({ body }, at) => upload(body, at));
    await Promise.all(slow.map(({ begun }) => begun));
    expect(await codeOf(upload('x', 7))).toEqual([429, 'RATE_LIMITED']);
    slow[0]?.end();
    expect(await codeOf(answers[0]!)).toBe(200);
    expect(await codeOf(upload('x', 8))).toBe(200);
    slow[1]?.end();
    expect(await codeOf(answers[1]!)).toBe(200);
  });
});

describe('all bodies that are being read', () => {
  test('are so many at most', async () => {
    const app = appWith({ bodies: { bodiesMax: 2 } });
    const slow = [slowBody(), slowBody()];
    const answers = slow.map(({ body }) => post(app, body));
    await Promise.all(slow.map(({ begun }) => begun));
    expect(await codeOf(post(app, 'x', { from: THEIRS }))).toEqual([503, 'OVERLOADED']);
    slow[0]?.end();
    await answers[0];
    expect(await codeOf(post(app, 'x', { from: THEIRS }))).toBe(200);
    slow[1]?.end();
    await answers[1];
  });

  test('have so many bytes at most, of which an ended one holds none', async () => {
    const app = appWith({ bodies: { bytesMax: 20 * KIB } });
    for (let at = 0; at < 3; at++) {
      expect(await codeOf(post(app, 'x'.repeat(15 * KIB)))).toBe(200);
    }
    const slow = slowBody(15 * KIB);
    const answer = post(app, slow.body);
    await slow.begun;
    expect(await codeOf(post(app, 'x'.repeat(15 * KIB)))).toEqual([503, 'OVERLOADED']);
    slow.end();
    expect(await codeOf(answer)).toBe(200);
  });
});

test('a body costs a unit for each further 16 KiB, and a small one nothing', async () => {
  const taken: number[] = [];
  const app = appWith({
    takes: async (kind, _subjects, _headers, units = COSTS[kind]) => void taken.push(units),
  });
  await post(app, 'x'.repeat(16 * KIB));
  expect(taken).toEqual([COSTS.write]);
  await post(app, 'x'.repeat(64 * KIB));
  expect(taken).toEqual([COSTS.write, COSTS.write, 3]);
});
