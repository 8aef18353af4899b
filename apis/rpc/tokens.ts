// Mints and verifies service tokens: short-lived JWTs for one audience, with the store's id.
import { decodeProtectedHeader, importJWK, jwtVerify, SignJWT, type JWK } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import { isId, type StoreId } from '../../domain/ids.ts';

const ISSUER = 'holdfast';
const ALGORITHM = 'EdDSA';
const LIFETIME_SECONDS = 300;
const RENEW_BEFORE_MS = 60_000;
const CACHE_ENTRIES_MAX = 1_000;

/** A key of one service (RFC 8037), valid for its tokens only. */
export interface ServiceKey extends JWK {
  kid: string;
  sub: string;
  /** When the key begins to sign, in seconds since 1970; it is published before that. */
  signsFrom: number;
}
/** The present keys: a rotation changes the next result. */
export type ServiceKeys = () => readonly ServiceKey[];

/** Keys are imported once for as long as the set is the same. */
const imported = new WeakMap<ServiceKey, ReturnType<typeof importJWK>>();
const cryptoKeyOf = (key: ServiceKey): ReturnType<typeof importJWK> => {
  const known = imported.get(key) ?? importJWK(key, ALGORITHM);
  imported.set(key, known);
  return known;
};

const signingKey = (keys: readonly ServiceKey[], subject: string): ServiceKey => {
  const now = Date.now() / 1000;
  const mine = keys.filter(({ sub, d, signsFrom }) => sub === subject && d && signsFrom <= now);
  const newest = mine.toSorted((one, other) => other.signsFrom - one.signsFrom)[0];
  if (!newest) throw new Error(`no token key of ${subject} is configured`);
  return newest;
};

const isThere = (keys: readonly ServiceKey[], kid: string): boolean =>
  keys.some((key) => key.kid === kid);

export type MintToken = (audience: string, storeId: StoreId) => Promise<string>;

/** Mints tokens as `subject` with its newest key, and reuses them for 4 minutes. */
export const mintTokens = (subject: string, keys: ServiceKeys): MintToken => {
  signingKey(keys(), subject);
  const cache = new Map<string, { token: string; kid: string; until: number }>();
  return async (audience, storeId) => {
    const hit = cache.get(`${audience}/${storeId}`);
    if (hit && hit.until > Date.now() && isThere(keys(), hit.kid)) return hit.token;
    const key = signingKey(keys(), subject);
    const token = await new SignJWT({ storeId })
      .setProtectedHeader({ alg: ALGORITHM, kid: key.kid })
      .setIssuer(ISSUER)
      .setSubject(subject)
      .setAudience(audience)
      .setExpirationTime(`${LIFETIME_SECONDS}s`)
      .sign(await cryptoKeyOf(key));
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    const until = Date.now() + LIFETIME_SECONDS * 1000 - RENEW_BEFORE_MS;
    cache.set(`${audience}/${storeId}`, { token, kid: key.kid, until });
    return token;
  };
};

export interface ServiceCaller {
  subject: string;
  storeId: StoreId;
}

export type VerifyToken = (authorization: string | null) => Promise<ServiceCaller>;

const VERIFIED_TTL_MS = 30_000;

/** When the cached verification ends: after a while, and never later than the token. */
interface Verified {
  caller: ServiceCaller;
  kid: string;
  until: number;
}

const keyNamedBy = (token: string, keys: readonly ServiceKey[]): ServiceKey | undefined => {
  try {
    const { kid } = decodeProtectedHeader(token);
    return keys.find((key) => key.kid === kid);
  } catch {
    return undefined;
  }
};

const verified = async (
  token: string,
  key: ServiceKey,
  audience: string,
): Promise<Verified | undefined> => {
  const found = await jwtVerify(token, await cryptoKeyOf(key), {
    issuer: ISSUER,
    audience,
    subject: key.sub,
    algorithms: [ALGORITHM],
    requiredClaims: ['exp', 'sub', 'storeId'],
  }).catch(() => undefined);
  const storeId = found?.payload['storeId'];
  if (!found || !isId('store', storeId)) return undefined;
  const endsAtMs = (found.payload.exp ?? 0) * 1000;
  const until = Math.min(endsAtMs, Date.now() + VERIFIED_TTL_MS);
  return { caller: { subject: key.sub, storeId }, kid: key.kid, until };
};

/** Verifies `Bearer <jwt>` for one audience by the key that it names. UNAUTHENTICATED. */
export const verifyTokens = (audience: string, keys: ServiceKeys): VerifyToken => {
  const cache = new Map<string, Verified>();
  return async (authorization) => {
    const token = authorization?.startsWith('Bearer ') ? authorization.slice(7) : '';
    const hit = cache.get(token);
    if (hit && hit.until > Date.now() && isThere(keys(), hit.kid)) return hit.caller;
    const key = token ? keyNamedBy(token, keys()) : undefined;
    const fresh = key && (await verified(token, key, audience));
    if (!fresh) throw new DomainError('UNAUTHENTICATED', `send a service token for ${audience}`);
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    cache.set(token, fresh);
    return fresh.caller;
  };
};
