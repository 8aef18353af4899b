// The public keys of the services' tokens (RFC 7517), for whoever verifies them elsewhere.
import { etagOf, keptAnswer } from '../http/caching.ts';
import { media, route, type Route } from '../http/routes.ts';
import type { ServiceKeys } from '../rpc/tokens.ts';

/** Shorter than a new key is known before it signs, so that no cache is behind. */
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
      // By name: a private part that got here by mistake stays here.
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
