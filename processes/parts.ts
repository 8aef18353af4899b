// Small parts that several processes are wired with.
import { sql } from 'drizzle-orm';
import type { FindKey, Scope } from '../apis/http/principals.ts';
import type { Pg } from '../db/postgres/client.ts';
import { findApiKey } from '../db/postgres/identity.ts';

export const findKeyIn =
  (pg: Pg): FindKey =>
  async (hash) => {
    const key = await findApiKey(pg, hash);
    return key && { ...key, scopes: key.scopes as Scope[] };
  };

export const pgAnswers = (pg: Pg) => (): Promise<unknown> =>
  pg.query('ready', (db) => db.execute(sql`select 1`));
