// API keys: looked up by hash, never by text; made, rotated and revoked by a store's staff.
import { and, desc, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { Scope } from '../../../domain/permissions.ts';
import type { Pg, Tx } from '../client.ts';
import { apiKeys } from '../schema/identity.ts';

/** Largest number of a store's live keys. */
export const STORE_KEYS_MAX = 100;
/** Largest number of listed keys, ended ones included. */
export const KEYS_LISTED_MAX = STORE_KEYS_MAX * 2;
/** Ended keys are listed for this many days, then deleted. */
const ENDED_DAYS = 30;
/** Channel on which processes that cache keys are notified to clear them. */
export const KEYS_CHANNEL = 'identity_keys';

export interface ApiKey {
  id: string;
  storeId: StoreId;
  scopes: Scope[];
  expiresAt: Date | undefined;
}

const isLiving = or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`));

/** Use is recorded once a minute, so that a frequently used key causes few writes. */
const isStale = or(
  isNull(apiKeys.lastUsedAt),
  lt(apiKeys.lastUsedAt, sql`now() - interval '1 minute'`),
);

/** The live key with this hash; records its use to the minute. */
export const findApiKey = (pg: Pg, hash: string): Promise<ApiKey | undefined> =>
  pg.query('identity.findApiKey', async (db) => {
    const [row] = await db
      .select({
        id: apiKeys.id,
        storeId: apiKeys.storeId,
        scopes: apiKeys.scopes,
        expiresAt: apiKeys.expiresAt,
        isStale: sql<boolean>`${isStale}`,
      })
      .from(apiKeys)
      .where(and(eq(apiKeys.hash, hash), isLiving));
    if (!row) return undefined;
    if (row.isStale) {
      const used = { lastUsedAt: sql`now()` };
      await db
        .update(apiKeys)
        .set(used)
        .where(and(eq(apiKeys.hash, hash), isStale));
    }
    const { id, storeId, scopes, expiresAt } = row;
    return { id, storeId: storeId as StoreId, scopes, expiresAt: expiresAt ?? undefined };
  });

/** Ensures that a key exists with exactly these scopes. */
export const putApiKey = (
  pg: Pg,
  key: { hash: string; id: string; storeId: StoreId; name: string; scopes: Scope[] },
): Promise<void> =>
  pg.query('identity.putApiKey', async (db) => {
    await db
      .insert(apiKeys)
      .values(key)
      .onConflictDoUpdate({ target: apiKeys.hash, set: { scopes: key.scopes, name: key.name } });
  });

const shown = {
  id: apiKeys.id,
  name: apiKeys.name,
  scopes: apiKeys.scopes,
  createdBy: apiKeys.createdBy,
  createdAt: apiKeys.createdAt,
  expiresAt: apiKeys.expiresAt,
  lastUsedAt: apiKeys.lastUsedAt,
};
export type KeyRow = Pick<typeof apiKeys.$inferSelect, keyof typeof shown>;

/** A store's keys, newest first, including those that ended in the last 30 days. */
export const listApiKeys = (pg: Pg, storeId: StoreId): Promise<KeyRow[]> =>
  pg.query('identity.listApiKeys', (db) =>
    db
      .select(shown)
      .from(apiKeys)
      .where(eq(apiKeys.storeId, storeId))
      .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
      .limit(KEYS_LISTED_MAX),
  );

export interface KeyDraft {
  hash: string;
  id: string;
  storeId: StoreId;
  name: string;
  scopes: Scope[];
  createdBy: string;
  expiresAt: Date | null;
}

/** Serialises a store's changes, so that the limit holds under concurrent requests. */
const lockStore = (tx: Tx, storeId: StoreId) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`keys/${storeId}`}, 0))`);

const insertKey = async (tx: Tx, draft: KeyDraft): Promise<KeyRow> => {
  await lockStore(tx, draft.storeId);
  const living = await tx.$count(apiKeys, and(eq(apiKeys.storeId, draft.storeId), isLiving));
  if (living >= STORE_KEYS_MAX) {
    throw new DomainError('ILLEGAL_TRANSITION', `a store has at most ${STORE_KEYS_MAX} keys`);
  }
  const [row] = await tx.insert(apiKeys).values(draft).returning(shown);
  if (!row) throw new Error('a key was not inserted');
  return row;
};

export const createApiKey = (pg: Pg, draft: KeyDraft): Promise<KeyRow> =>
  pg.transaction('identity.createApiKey', (tx) => insertKey(tx, draft));

const noKey = (): DomainError => new DomainError('NOT_FOUND', 'no such key');

/** The store's live key, locked. Throws NOT_FOUND, also for another store's. */
const lockKey = async (tx: Tx, storeId: StoreId, id: string): Promise<KeyRow> => {
  const [row] = await tx
    .select(shown)
    .from(apiKeys)
    .where(and(eq(apiKeys.storeId, storeId), eq(apiKeys.id, id), isLiving))
    .for('update');
  if (!row) throw noKey();
  return row;
};

/** Ends a key after some seconds, unless it expires earlier, and notifies every gateway. */
const endKey = async (tx: Tx, id: string, inSeconds: number): Promise<void> => {
  const end = sql`now() + make_interval(secs => ${inSeconds})`;
  const expiresAt = sql`least(${apiKeys.expiresAt}, ${end})`;
  await tx.update(apiKeys).set({ expiresAt }).where(eq(apiKeys.id, id));
  await tx.execute(sql`select pg_notify(${KEYS_CHANNEL}, '')`);
};

/** Makes a new key; the old one stays valid for the grace period, but not longer than before. */
export const rotateApiKey = (
  pg: Pg,
  old: { storeId: StoreId; id: string; graceSeconds: number },
  next: Pick<KeyDraft, 'hash' | 'id' | 'createdBy' | 'expiresAt'>,
): Promise<KeyRow> =>
  pg.transaction('identity.rotateApiKey', async (tx) => {
    await lockStore(tx, old.storeId);
    const { name, scopes } = await lockKey(tx, old.storeId, old.id);
    await endKey(tx, old.id, old.graceSeconds);
    return insertKey(tx, { ...next, storeId: old.storeId, name, scopes });
  });

/** Ends a key immediately. Throws NOT_FOUND. */
export const revokeApiKey = (pg: Pg, storeId: StoreId, id: string): Promise<void> =>
  pg.transaction('identity.revokeApiKey', async (tx) => {
    await lockKey(tx, storeId, id);
    await endKey(tx, id, 0);
  });

/** The live keys of a store that this account has made, newest first. */
const keysMadeBy = (tx: Tx, storeId: StoreId, accountId: string): Promise<KeyRow[]> =>
  tx
    .select(shown)
    .from(apiKeys)
    .where(and(eq(apiKeys.storeId, storeId), eq(apiKeys.createdBy, accountId), isLiving))
    .orderBy(desc(apiKeys.createdAt), desc(apiKeys.id))
    .limit(STORE_KEYS_MAX);

/** The live keys that an account has made in a store, as they were; ends them where it is asked. */
export const takeKeysMadeBy = async (
  tx: Tx,
  { storeId, accountId, ends }: { storeId: StoreId; accountId: string; ends: boolean },
): Promise<KeyRow[]> => {
  await lockStore(tx, storeId);
  const keys = await keysMadeBy(tx, storeId, accountId);
  if (ends) for (const { id } of keys) await endKey(tx, id, 0);
  return keys;
};

/** Deletes keys that ended longer ago than they are listed. */
export const removeEndedKeys = (pg: Pg): Promise<void> =>
  pg.query('identity.removeEndedKeys', async (db) => {
    const longAgo = sql`now() - make_interval(days => ${ENDED_DAYS})`;
    await db.delete(apiKeys).where(lt(apiKeys.expiresAt, longAgo));
  });
