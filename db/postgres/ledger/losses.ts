// Records lost units: units lost while held are taken from the newest holds, which get attention.
import { sql } from 'drizzle-orm';
import type { Taking } from '../../../domain/stock.ts';
import { DomainError } from '../../../domain/errors.ts';
import type { Tx } from '../client.ts';

const HOLDS_MAX = 10_000;

type LineRow = { reservation_id: string; quantity: number };

/** The units to take from each hold, newest first. */
const cutOf = (lines: LineRow[], units: number): { id: string; quantity: number }[] => {
  let left = units;
  return lines.flatMap(({ reservation_id: id, quantity }) => {
    const cut = Math.min(left, quantity);
    left -= cut;
    return cut > 0 ? [{ id, quantity: cut }] : [];
  });
};

/**
 * Takes lost units from the newest holds at a location and sets their attention; the caller changes
 * the balance. A hold that is being ended is skipped. Throws STOCK_BELOW_RESERVED when the others
 * have too few units; a retry then helps.
 */
export const shedHolds = async (tx: Tx, loss: Taking & { storeId: string }, reason: string) => {
  const { storeId, sku, location, quantity } = loss;
  const lines = await tx.execute<LineRow>(sql`
    select l.reservation_id, l.quantity
    from inventory.reservations r
    join inventory.reservation_lines l on l.store_id = r.store_id and l.reservation_id = r.id
    where r.store_id = ${storeId} and r.state = 'held'
      and l.sku = ${sku} and l.location = ${location} and l.quantity > 0
    order by r.created_at desc, r.id desc limit ${HOLDS_MAX}
    for update of r skip locked`);
  const cuts = cutOf(lines, quantity);
  if (cuts.reduce((sum, cut) => sum + cut.quantity, 0) < quantity) {
    throw new DomainError('STOCK_BELOW_RESERVED', 'holds are being ended: retry');
  }
  await tx.execute(sql`
    with d as (
      select * from jsonb_to_recordset(${JSON.stringify(cuts)}::text::jsonb)
        as d (id text, quantity int)
    ), cut as (
      update inventory.reservation_lines l
      set quantity = l.quantity - d.quantity, missing = l.missing + d.quantity
      from d where l.store_id = ${storeId} and l.reservation_id = d.id
        and l.sku = ${sku} and l.location = ${location}
    )
    update inventory.reservations r
    set attention = ${`units lost: ${reason}`}::text, attention_at = now()
    from d where r.store_id = ${storeId} and r.id = d.id`);
};
