// Who is calling: an API key's store or operator, or nobody; and what each may do.
import { createHash } from 'node:crypto';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE, type StoreId } from '../../domain/ids.ts';

export const SCOPES = [
  'products:read',
  'products:write',
  'inventory:read',
  'inventory:write',
  'imports:write',
  'recovery',
] as const;
export type Scope = (typeof SCOPES)[number];

export interface Principal {
  kind: 'anyone' | 'key';
  /** The store this call is about; nobody ever sees another one's objects. */
  storeId: StoreId;
  keyId?: string;
  scopes: readonly Scope[];
}

export interface KeyFound {
  id: string;
  storeId: StoreId;
  scopes: Scope[];
}

/** Looks a key up by the hex SHA-256 of its text; undefined when unknown or expired. */
export type FindKey = (hash: string) => Promise<KeyFound | undefined>;

const KEY_SHAPE = /^Bearer (hf_[A-Za-z0-9_-]{20,80})$/;
const CACHE_TTL_MS = 10_000;
const CACHE_ENTRIES_MAX = 10_000;

export const keyHash = (key: string): string => createHash('sha256').update(key).digest('hex');

/** Remembers found keys for 10 s, so that a revoked key dies soon and a hot one costs nothing. */
const remembered = (findKey: FindKey): FindKey => {
  const cache = new Map<string, { found: KeyFound; until: number }>();
  return async (hash) => {
    const hit = cache.get(hash);
    if (hit && hit.until > Date.now()) return hit.found;
    const found = await findKey(hash);
    cache.delete(hash);
    if (!found) return undefined;
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    cache.set(hash, { found, until: Date.now() + CACHE_TTL_MS });
    return found;
  };
};

/** Authenticates by API key; a route without a scope is open to anyone. */
export const authenticateByKey = (findKey: FindKey) => {
  const find = remembered(findKey);
  return async (request: Request, scope: Scope | undefined): Promise<Principal> => {
    if (!scope) return { kind: 'anyone', storeId: DEFAULT_STORE, scopes: [] };
    const key = KEY_SHAPE.exec(request.headers.get('authorization') ?? '')?.[1];
    const found = key ? await find(keyHash(key)) : undefined;
    if (!found) throw new DomainError('UNAUTHENTICATED', 'send a valid API key');
    if (!found.scopes.includes(scope)) {
      throw new DomainError('PERMISSION_DENIED', `this key lacks the scope ${scope}`);
    }
    return { kind: 'key', storeId: found.storeId, keyId: found.id, scopes: found.scopes };
  };
};
