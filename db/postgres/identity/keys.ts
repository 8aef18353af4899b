// API keys: found by hash, never by text.
import { and, eq, gt, isNull, or, sql } from 'drizzle-orm';
import type { StoreId } from '../../../domain/ids.ts';
import type { Scope } from '../../../domain/permissions.ts';
import type { Pg } from '../client.ts';
import { apiKeys } from '../schema/identity.ts';

export interface ApiKey {
  id: string;
  storeId: StoreId;
  scopes: Scope[];
  expiresAt: Date | undefined;
}

/** The key with this hash, unless it has expired. */
export const findApiKey = (pg: Pg, hash: string): Promise<ApiKey | undefined> =>
  pg.query('identity.findApiKey', async (db) => {
    const [row] = await db
      .select({
        id: apiKeys.id,
        storeId: apiKeys.storeId,
        scopes: apiKeys.scopes,
        expiresAt: apiKeys.expiresAt,
      })
      .from(apiKeys)
      .where(
        and(
          eq(apiKeys.hash, hash),
          or(isNull(apiKeys.expiresAt), gt(apiKeys.expiresAt, sql`now()`)),
        ),
      );
    return (
      row && { ...row, storeId: row.storeId as StoreId, expiresAt: row.expiresAt ?? undefined }
    );
  });

/** Makes sure that a key exists with exactly these scopes. */
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
