// Routes of a store's API keys for its staff: the secret is shown once and never stored.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Pg } from '../../../db/postgres/client.ts';
import {
  createApiKey,
  KEYS_LISTED_MAX,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
  type KeyRow,
} from '../../../db/postgres/identity/keys.ts';
import { newId } from '../../../domain/ids.ts';
import { SCOPES, STORE_SCOPES } from '../../../domain/permissions.ts';
import { keyHash } from '../../http/credentials/keys.ts';
import type { Principal } from '../../http/principals.ts';
import { idText, moment, words } from '../../http/openapi/texts.ts';
import { NO_CONTENT, noContent, reply, route, type Route } from '../../http/routes.ts';

const NAME_LENGTH_MAX = 100;
const DAYS_MAX = 3_650;
const DAY_MS = 24 * 60 * 60_000;
const GRACE_SECONDS_DEFAULT = 24 * 60 * 60;
const GRACE_SECONDS_MAX = 30 * GRACE_SECONDS_DEFAULT;
const SECRET_BYTES = 30;
export const NO_STORE = { 'cache-control': 'no-store' };

const expiresInDays = z.number().int().min(1).max(DAYS_MAX).optional();
const keyBody = z.strictObject({
  name: z.string().trim().min(1).max(NAME_LENGTH_MAX),
  scopes: z.array(z.enum(STORE_SCOPES)).min(1).max(STORE_SCOPES.length),
  expiresInDays,
});
const rotateBody = z.strictObject({
  graceSeconds: z.number().int().min(0).max(GRACE_SECONDS_MAX).default(GRACE_SECONDS_DEFAULT),
  expiresInDays,
});

const WHO_LENGTH_MAX = 100;
/** The maker: an account, a key of the shop, or `holdfast` itself. */
export const byResponse = z
  .string()
  .regex(/^[\w-]+$/)
  .max(WHO_LENGTH_MAX);

export const keyResponse = z.object({
  id: idText('key'),
  name: words(NAME_LENGTH_MAX),
  scopes: z.array(z.enum(SCOPES)).max(SCOPES.length),
  createdBy: byResponse,
  createdAt: moment,
  expiresAt: moment.nullable(),
  lastUsedAt: moment.nullable(),
});
const newKeyResponse = keyResponse.extend({
  key: z
    .string()
    .regex(/^hf_[\w-]+$/)
    .max(100),
});

export const toKeyResponse = (row: KeyRow) => ({
  id: row.id,
  name: row.name,
  scopes: row.scopes,
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt?.toISOString() ?? null,
  lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
});

/** The acting principal, for the audit. */
export const byWhom = (principal: Principal): string => {
  if (principal.kind === 'staff') return principal.accountId;
  if (principal.kind === 'operator') return principal.by;
  throw new Error('a route for staff was reached without staff');
};

const newSecret = (days: number | undefined) => {
  const key = `hf_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  const expiresAt = days === undefined ? null : new Date(Date.now() + days * DAY_MS);
  return { key, made: { hash: keyHash(key), id: newId('key'), expiresAt } };
};

const made = (key: string, row: KeyRow) => reply({ ...toKeyResponse(row), key }, 201, NO_STORE);

const makeRoutes = (pg: Pg): Route[] => [
  route({
    method: 'post',
    path: '/stores/:storeId/keys',
    summary: 'Make a key; only this response has its text.',
    needs: 'keys:manage',
    body: keyBody,
    response: newKeyResponse,
    statuses: { 201: 'the key' },
    handler: async ({ principal, body }) => {
      const { key, made: draft } = newSecret(body.expiresInDays);
      const { storeId } = principal;
      const scopes = [...new Set(body.scopes)];
      const createdBy = byWhom(principal);
      const row = { ...draft, storeId, name: body.name, scopes, createdBy };
      return made(key, await createApiKey(pg, row));
    },
  }),
  route({
    method: 'post',
    path: '/stores/:storeId/keys/:keyId/rotate',
    summary:
      'A new key with the same scopes; the old one stays valid for the grace, a day by default.',
    needs: 'keys:manage',
    body: rotateBody,
    response: newKeyResponse,
    statuses: { 201: 'the new key' },
    handler: async ({ principal, params, body }) => {
      const { key, made: draft } = newSecret(body.expiresInDays);
      const { storeId } = principal;
      const old = { storeId, id: params['keyId'] ?? '', graceSeconds: body.graceSeconds };
      const next = { ...draft, createdBy: byWhom(principal) };
      return made(key, await rotateApiKey(pg, old, next));
    },
  }),
];

export const keyRoutes = (pg: Pg): Route[] => [
  ...makeRoutes(pg),
  route({
    method: 'get',
    path: '/stores/:storeId/keys',
    summary: 'The keys of a store, newest first, with their last use.',
    needs: 'keys:manage',
    response: z.object({ items: z.array(keyResponse).max(KEYS_LISTED_MAX) }),
    statuses: { 200: 'the keys, never their text' },
    handler: async ({ principal }) =>
      reply(
        { items: (await listApiKeys(pg, principal.storeId)).map(toKeyResponse) },
        200,
        NO_STORE,
      ),
  }),
  route({
    method: 'delete',
    path: '/stores/:storeId/keys/:keyId',
    summary: 'Revoke a key at once.',
    needs: 'keys:manage',
    response: NO_CONTENT,
    statuses: { 204: 'the key is revoked' },
    handler: async ({ principal, params }) => {
      await revokeApiKey(pg, principal.storeId, params['keyId'] ?? '');
      return noContent;
    },
  }),
];
