// Serves the public keys of the services' tokens (RFC 7517) for verification elsewhere.
import { etagOf, keptAnswer } from '../http/caching.ts';
import { media, route, type Route } from '../http/routes.ts';
import type { ServiceKeys } from '../rpc/tokens.ts';

/** Shorter than a new key is published before it signs, so that no cache misses it. */
const MAX_AGE_SECONDS = 5;

export const jwksRoute = ({ publicKeys }: { publicKeys: ServiceKeys }): Route =>
  route({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: 'Public keys of service tokens: every one that is valid now or will be soon.',
    needs: 'public',
    response: media('application/json'),
    statuses: { 200: 'a JSON Web Key Set', 304: 'as it was' },
    handler: async ({ request }) => {
      // The public fields are named one by one, so that a private one can never be served.
      const keys = publicKeys().map(({ kid, kty, crv, alg, use, x, sub }) => ({
        kid,
        kty,
        crv,
        alg,
        use,
        x,
        sub,
      }));
      const body = JSON.stringify({ keys });
      const headers = { 'content-type': 'application/json' };
      const cacheControl = `public, max-age=${MAX_AGE_SECONDS}`;
      return keptAnswer(request, { body, headers, cacheControl, etag: etagOf(body) });
    },
  });
