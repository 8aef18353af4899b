// Looks API keys up by hash, and caches them briefly until one is revoked.
import { createHash } from 'node:crypto';
import type { StoreId } from '../../../domain/ids.ts';
import type { Scope } from '../../../domain/permissions.ts';

export interface KeyFound {
  id: string;
  storeId: StoreId;
  scopes: Scope[];
  /** When the key expires, also where it is cached. */
  expiresAt?: Date | undefined;
}

/** Looks a key up by the hex SHA-256 of its text; undefined when unknown, revoked or expired. */
export type FindKey = (hash: string) => Promise<KeyFound | undefined>;

/** How long a found key is cached; a revocation's notification ends it earlier. */
const CACHE_TTL_MS = 10_000;
const CACHE_ENTRIES_MAX = 10_000;

export const keyHash = (key: string): string => createHash('sha256').update(key).digest('hex');

export interface KeyRing {
  find: FindKey;
  /** Drops every cached key: some may have changed. */
  forget(): void;
}

/** Caches found keys, so that a frequent one costs no look-up. */
export const keyRing = (findKey: FindKey): KeyRing => {
  const cache = new Map<string, { found: KeyFound; until: number }>();
  const find: FindKey = async (hash) => {
    const hit = cache.get(hash);
    if (hit && hit.until > Date.now()) return hit.found;
    const found = await findKey(hash);
    cache.delete(hash);
    if (!found) return undefined;
    if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
    const endsAtMs = found.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
    cache.set(hash, { found, until: Math.min(Date.now() + CACHE_TTL_MS, endsAtMs) });
    return found;
  };
  return { find, forget: () => cache.clear() };
};
