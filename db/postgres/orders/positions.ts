// The position of each recovery lane, so that the next run continues there and reaches every order.
import { eq } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { positions } from '../schema/orders.ts';

export type Lane = typeof positions.$inferSelect.lane;

/** Behind a time; among rows of that very time, behind an id. */
export interface Position {
  /** Microseconds since 1970. */
  atUs: number;
  id: string;
}

/** Undefined before a lane's first run. */
export const positionOf = (pg: Pg, lane: Lane): Promise<Position | undefined> =>
  pg.query('positions.find', async (db) => {
    const rows = await db.select().from(positions).where(eq(positions.lane, lane));
    return rows[0] && { atUs: rows[0].atUs, id: rows[0].id };
  });

export const putPosition = (pg: Pg, lane: Lane, { atUs, id }: Position): Promise<void> =>
  pg.query('positions.put', async (db) => {
    await db
      .insert(positions)
      .values({ lane, atUs, id })
      .onConflictDoUpdate({ target: positions.lane, set: { atUs, id } });
  });

/**
 * The next page of rows that are sorted by their ids, after the lane's position: all are seen once
 * before one is seen again. `list` returns at most `limit` rows behind an id.
 */
export const nextPage = async <T extends { id: string }>(
  pg: Pg,
  lane: Lane,
  limit: number,
  list: (page: { after: string; limit: number }) => Promise<T[]>,
): Promise<T[]> => {
  const { id: after = '' } = (await positionOf(pg, lane)) ?? {};
  const page = await list({ after, limit });
  const last = page.length < limit ? undefined : page.at(-1);
  await putPosition(pg, lane, { atUs: 0, id: last?.id ?? '' });
  return page;
};
