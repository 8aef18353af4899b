// Service tokens: short-lived, bound to one audience, and they carry the store of the call.
import { jwtVerify, SignJWT } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import { isId, type StoreId } from '../../domain/ids.ts';

const ISSUER = 'holdfast';
const LIFETIME_SECONDS = 300;
const RENEW_BEFORE_MS = 60_000;
const CACHE_ENTRIES_MAX = 1_000;

const keyOf = (secret: string): Uint8Array => new TextEncoder().encode(secret);

export type MintToken = (audience: string, storeId: StoreId) => Promise<string>;

/** Mints tokens for `subject`, signed with the newest secret, and reuses them for 4 minutes. */
export const mintTokens = (subject: string, secrets: readonly string[]): MintToken => {
  const newest = secrets[0];
  if (!newest) throw new Error('no token secret is configured');
  const cache = new Map<string, { token: string; until: number }>();
  return async (audience, storeId) => {
    const hit = cache.get(`${audience}/${storeId}`);
    if (hit && hit.until > Date.now()) return hit.token;
    const token = await new SignJWT({ storeId })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setAudience(audience)
      .setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(keyOf(newest));
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    const until = Date.now() + LIFETIME_SECONDS * 1000 - RENEW_BEFORE_MS;
    cache.set(`${audience}/${storeId}`, { token, until });
    return token;
  };
};

export interface ServiceCaller {
  subject: string;
  storeId: StoreId;
}

export type VerifyToken = (authorization: string | null) => Promise<ServiceCaller>;

const VERIFIED_TTL_MS = 30_000;

/** Remembered until then: for a while, and never longer than the token itself lives. */
interface Verified {
  caller: ServiceCaller;
  until: number;
}

/** Verifies `Bearer <jwt>` for one audience; every secret in the list is valid. UNAUTHENTICATED. */
export const verifyTokens = (audience: string, secrets: readonly string[]): VerifyToken => {
  const cache = new Map<string, Verified>();
  const verifyWith = async (token: string, secret: string): Promise<Verified | undefined> => {
    const options = { issuer: ISSUER, audience, algorithms: ['HS256'] };
    const verified = await jwtVerify(token, keyOf(secret), {
      ...options,
      requiredClaims: ['exp', 'sub', 'storeId'],
    }).catch(() => undefined);
    const storeId = verified?.payload['storeId'];
    if (!verified || !isId('store', storeId)) return undefined;
    const endsAtMs = (verified.payload.exp ?? 0) * 1000;
    const caller = { subject: verified.payload.sub ?? '', storeId };
    return { caller, until: Math.min(endsAtMs, Date.now() + VERIFIED_TTL_MS) };
  };
  return async (authorization) => {
    const token = authorization?.startsWith('Bearer ') ? authorization.slice(7) : '';
    const hit = cache.get(token);
    if (hit && hit.until > Date.now()) return hit.caller;
    for (const secret of token ? secrets : []) {
      const verified = await verifyWith(token, secret);
      if (!verified) continue;
      if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
      cache.set(token, verified);
      return verified.caller;
    }
    throw new DomainError('UNAUTHENTICATED', `send a service token for ${audience}`);
  };
};
