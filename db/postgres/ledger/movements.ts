// Movements: the append-only record of on-hand changes and of the levels first returned for them.
import { sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { Movement, MovementKind, StockLevel } from '../../../domain/stock.ts';
import { prepared, type Pg, type Tx } from '../client.ts';
import { movements } from '../schema/inventory.ts';

/** A change requested under the caller's own id; null where the kind has no such number. */
export interface Requested {
  storeId: string;
  sku: string;
  location: string;
  kind: 'received' | 'adjusted';
  /** Change of on-hand stock; null while it is unknown, before the count is applied. */
  quantity: number | null;
  counted: number | null;
  reference: string;
  reason: string;
}

type FirstRow = {
  location: string;
  quantity: number;
  counted: number | null;
  reason: string;
  on_hand_after: number;
  reserved_after: number;
  version_after: number;
};

const isSame = (requested: Requested, first: FirstRow): boolean =>
  first.location === requested.location &&
  first.reason === requested.reason &&
  first.counted === requested.counted &&
  (requested.quantity === null || first.quantity === requested.quantity);

/**
 * The level first returned for this id; undefined when the id is new. Throws
 * IDEMPOTENCY_KEY_REUSED.
 */
export const answeredBefore = async (
  tx: Tx,
  requested: Requested,
): Promise<StockLevel | undefined> => {
  const { storeId, sku, kind, reference } = requested;
  const [first] = await tx.execute<FirstRow>(sql`
    select location, quantity, counted, reason, on_hand_after, reserved_after,
      version_after::float8
    from inventory.movements
    where store_id = ${storeId} and reference = ${reference} and kind = ${kind} and sku = ${sku}`);
  if (!first) return undefined;
  if (!isSame(requested, first)) {
    throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this id was used for something else');
  }
  const { on_hand_after: onHand, reserved_after: reserved, version_after: version } = first;
  return { sku, onHand, reserved, available: onHand - reserved, version };
};

export const recordMovement = async (
  tx: Tx,
  requested: Requested & { quantity: number },
  after: StockLevel,
): Promise<void> => {
  await tx.insert(movements).values({
    ...requested,
    onHandAfter: after.onHand,
    reservedAfter: after.reserved,
    versionAfter: after.version,
  });
};

export interface MovementPage {
  storeId: string;
  sku: string;
  /** Only movements older than this one. */
  beforeId: number | undefined;
  limit: number;
}

/** Movements of a sku, newest first. */
export const listMovements = (pg: Pg, page: MovementPage): Promise<Movement[]> =>
  pg.query('movements.list', async (db) => {
    const { storeId, sku, beforeId = Number.MAX_SAFE_INTEGER, limit } = page;
    const rows = await prepared<{
      id: number;
      location: string;
      kind: MovementKind;
      quantity: number;
      reference: string;
      reason: string;
      created_at: string;
    }>(
      db,
      sql`select id::float8, location, kind, quantity, reference, reason, created_at
        from inventory.movements
        where store_id = ${storeId} and sku = ${sku} and id < ${beforeId}::bigint
        order by id desc limit ${limit}::int`,
    );
    return rows.map(({ created_at: createdAt, ...row }) => ({
      ...row,
      sku,
      createdAt: new Date(createdAt).toISOString(),
    }));
  });
