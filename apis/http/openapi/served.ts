// Serves a checked-in description, cacheable for a minute.
import { readFileSync } from 'node:fs';
import type { Permission } from '../../../domain/permissions.ts';
import { etagOf, keptAnswer, type Kept } from '../caching.ts';
import { media, route, type Route } from '../routes.ts';

/** A deployment may change a description; a minute of the old one does no harm. */
const CACHE_CONTROL = 'public, max-age=60';

const keptFor = (body: string, headers: Record<string, string>): Kept => ({
  body,
  headers,
  etag: etagOf(body),
  cacheControl: CACHE_CONTROL,
});

/** `GET path` answers the OpenAPI document of a file. */
export const descriptionRoute = (path: string, file: string, needs: Permission): Route => {
  const kept = keptFor(readFileSync(file, 'utf8'), { 'content-type': 'application/json' });
  return route({
    method: 'get',
    path,
    summary: 'This API, described.',
    needs,
    response: media('application/json'),
    statuses: { 200: 'OpenAPI 3.1', 304: 'unchanged' },
    handler: async ({ request }) => keptAnswer(request, kept),
  });
};

/** `GET path` answers the page rendered from a description. */
export const pageRoute = (path: string, html: string, policy: string): Route => {
  const kept = keptFor(html, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy,
  });
  return route({
    method: 'get',
    path,
    summary: 'This API, described for people.',
    needs: 'public',
    response: media('text/html'),
    statuses: { 200: 'a page', 304: 'unchanged' },
    handler: async ({ request }) => keptAnswer(request, kept),
  });
};
