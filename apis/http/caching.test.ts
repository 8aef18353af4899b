// Tests that a response that shared caches may keep has nothing of the caller it was made for.
import { expect, test } from 'bun:test';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { appOf } from './app.ts';
import { etagOf, keptAnswer } from './caching.ts';
import { media, type Route } from './routes.ts';

const CALLERS = {
  'set-cookie': 'session=of-one',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  'x-request-id': 'of-one-caller',
};

const pageOf = (path: string, cacheControl: string): Route => ({
  method: 'get',
  path,
  summary: 'A page.',
  needs: 'public',
  response: media('text/plain'),
  statuses: {},
  handler: async ({ request }) =>
    keptAnswer(request, { body: 'a', etag: etagOf('a'), cacheControl, headers: { ...CALLERS } }),
});

const app = appOf({
  routes: [pageOf('/shared', 'public, max-age=60'), pageOf('/own', 'private, no-store')],
  telemetry: createTelemetry('caching-test', 'silent'),
  authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
  gate: async ({ headers, authenticate }) => {
    headers.set('ratelimit', '"address";r=599;t=1');
    headers.set('ratelimit-policy', '"address";q=600;w=10');
    const charge = async (): Promise<void> => undefined;
    return { pass: { principal: await authenticate(), charge }, leave: (response) => response };
  },
});

const namesOf = async (path: string, more: Record<string, string> = {}) => {
  const headers = { 'x-request-id': 'caller-0001', ...more };
  const response = await app.request(`http://shop.example${path}`, { headers });
  const own = [...Object.keys(CALLERS), 'ratelimit', 'ratelimit-policy'];
  return [response.status, own.filter((name) => response.headers.has(name))] as const;
};

test('a response for shared caches has no headers of its caller, its 304 neither', async () => {
  expect(await namesOf('/shared')).toEqual([200, []]);
  expect(await namesOf('/shared', { 'if-none-match': etagOf('a') })).toEqual([304, []]);
});

test('any other response has them', async () => {
  const all = [...Object.keys(CALLERS), 'ratelimit', 'ratelimit-policy'];
  expect(await namesOf('/own')).toEqual([200, all]);
});
