// Lists the reservations that hold a sku now, for operators.
import { sql } from 'drizzle-orm';
import { prepared, type Pg } from '../client.ts';

const HOLDS_MAX = 100;

export interface HeldBy {
  reservationId: string;
  /** Units of the sku, at all locations. */
  quantity: number;
  createdAt: Date;
  expiresAt: Date;
}

export interface Holds {
  /** Those of most units first, at most 100. */
  holds: HeldBy[];
  holdsTotal: number;
  quantityTotal: number;
}

type HoldRow = {
  id: string;
  quantity: number;
  created_at: string;
  expires_at: string;
  holds_total: number;
  quantity_total: number;
};

/** Reads the reservations that are held, of which there are few at any time, by their index. */
export const listHolds = (pg: Pg, storeId: string, sku: string): Promise<Holds> =>
  pg.query('holds.list', async (db) => {
    const rows = await prepared<HoldRow>(
      db,
      sql`select id, quantity, created_at, expires_at, count(*) over ()::int as holds_total,
          sum(quantity) over ()::int as quantity_total
        from (
          select r.id, r.created_at, r.expires_at, sum(l.quantity)::int as quantity
          from inventory.reservations r join inventory.reservation_lines l
            on l.store_id = r.store_id and l.reservation_id = r.id
          where r.state = 'held' and r.store_id = ${storeId} and l.sku = ${sku}
          group by r.id, r.created_at, r.expires_at) as held
        order by quantity desc, created_at, id limit ${HOLDS_MAX}::int`,
    );
    const [first] = rows;
    return {
      holds: rows.map(({ id, quantity, created_at: createdAt, expires_at: expiresAt }) => ({
        reservationId: id,
        quantity,
        createdAt: new Date(createdAt),
        expiresAt: new Date(expiresAt),
      })),
      holdsTotal: first?.holds_total ?? 0,
      quantityTotal: first?.quantity_total ?? 0,
    };
  });
