// Tests that only an authenticated upload may be idle, and its connection no longer than its answer.
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { appOf } from './app.ts';
import { IDLE_TIMEOUT_SECONDS, media, type Route } from './routes.ts';

const log: string[] = [];

const uploadRoute = (path: string, handler: Route['handler']): Route => ({
  method: 'post',
  path,
  kind: 'upload',
  summary: 'Takes a file.',
  needs: 'imports:write',
  response: media('text/plain'),
  statuses: {},
  handler,
});

const app = appOf({
  routes: [
    uploadRoute('/files', async () => {
      log.push('handled');
      return new Response('taken');
    }),
    uploadRoute('/broken', async () => {
      throw new Error('broken');
    }),
  ],
  telemetry: createTelemetry('idle-test', 'silent'),
  authenticate: async (request) => {
    log.push('authenticated');
    if (request.headers.has('authorization')) {
      return { kind: 'key', storeId: DEFAULT_STORE, keyId: 'key', scopes: ['imports:write'] };
    }
    throw new DomainError('UNAUTHENTICATED', 'send a valid API key');
  },
});

const upload = async (path: string, headers: Record<string, string>): Promise<string[]> => {
  log.length = 0;
  const timeout = (_request: Request, seconds: number): void => void log.push(`${seconds} s`);
  const init = { method: 'POST', headers, body: 'a,b' };
  await app.request(`http://shop.example${path}`, init, { address: '', timeout });
  return [...log];
};

describe('the connection of an upload', () => {
  const KEY = { authorization: 'Bearer hf_key' };

  test('may be idle from its authentication to its answer', async () => {
    const back = `${IDLE_TIMEOUT_SECONDS} s`;
    expect(await upload('/files', KEY)).toEqual(['authenticated', '0 s', 'handled', back]);
    expect(await upload('/broken', KEY)).toEqual(['authenticated', '0 s', back]);
  });

  test('keeps its timeout when its sender is not authenticated', async () => {
    expect(await upload('/files', {})).toEqual(['authenticated']);
  });
});
