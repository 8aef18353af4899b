// Returns of an order: requested once per key, within the bought units, each move with its event.
import { and, eq, lt } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import { demandOf } from '../../../domain/order.ts';
import {
  RETURN_MOVES,
  valueReturn,
  type ReturnLine,
  type ReturnState,
} from '../../../domain/returns.ts';
import { msAgo, type Pg, type Tx } from '../client.ts';
import { returns } from '../schema/orders.ts';
import { afterCaptureOf } from './after-capture.ts';
import { recordEvent, type EventData } from './events.ts';
import { lockOrder } from './orders.ts';
import { writeChange } from './steps.ts';

const REQUESTED_MAX = 100;

export type Return = typeof returns.$inferSelect;

export interface ReturnRequest {
  storeId: string;
  orderId: string;
  key: string;
  lines: ReturnLine[];
  reason: string;
  /** An operator grants it although no money may be left. */
  isGranted?: boolean;
}

const noReturn = (): DomainError => new DomainError('NOT_FOUND', 'no such return');

const findByKey = async (tx: Tx, orderId: string, key: string): Promise<Return | undefined> => {
  const match = and(eq(returns.orderId, orderId), eq(returns.key, key));
  const [row] = await tx.select().from(returns).where(match);
  return row;
};

/**
 * Records a return, once per key; the order's lock keeps concurrent requests from returning one
 * unit twice. Throws RETURN_REFUSED, INVALID_INPUT, NOT_FOUND, IDEMPOTENCY_KEY_REUSED.
 */
export const requestReturn = (pg: Pg, input: ReturnRequest): Promise<Return> =>
  pg.transaction('returns.request', async (tx) => {
    const { storeId, orderId, key, reason } = input;
    const order = await lockOrder(tx, storeId, orderId);
    const known = await findByKey(tx, orderId, key);
    if (known && Bun.deepEquals(known.lines, demandOf(input.lines))) return known;
    if (known)
      throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used for another return');
    const { status, deliveredAt } = order;
    const after = await afterCaptureOf(tx, order);
    const { lines: wanted, isGranted = false } = input;
    const valued = { status, deliveredAt: deliveredAt ?? undefined, after, wanted, isGranted };
    const { lines, refundMinor } = valueReturn(valued, Date.now());
    const id = newId('return');
    const [made] = await tx
      .insert(returns)
      .values({ id, storeId, orderId, key, lines, reason, refundMinor, state: 'requested' })
      .returning();
    if (!made) throw new Error('a return was not inserted');
    const row = await writeChange(tx, order, {});
    await recordEvent(tx, row, 'ReturnRequested', { returnId: id, lines, reason });
    return made;
  });

/** Throws NOT_FOUND, also for another order's return. */
export const returnById = (pg: Pg, storeId: string, id: string): Promise<Return> =>
  pg.query('returns.byId', async (db) => {
    const match = and(eq(returns.storeId, storeId), eq(returns.id, id));
    const [row] = await db.select().from(returns).where(match);
    if (!row) throw noReturn();
    return row;
  });

export const listReturns = (pg: Pg, orderId: string): Promise<Return[]> =>
  pg.query('returns.list', (db) =>
    db.select().from(returns).where(eq(returns.orderId, orderId)).orderBy(returns.createdAt),
  );

/** Returns whose workflow has not begun for `olderThanMs`, at most 100. */
export const listRequested = (pg: Pg, olderThanMs: number): Promise<Return[]> =>
  pg.query('returns.requested', (db) =>
    db
      .select()
      .from(returns)
      .where(and(eq(returns.state, 'requested'), lt(returns.createdAt, msAgo(olderThanMs))))
      .limit(REQUESTED_MAX),
  );

const EVENTS: Record<Exclude<ReturnState, 'requested'>, string> = {
  approved: 'ReturnApproved',
  rejected: 'ReturnRejected',
  received: 'ReturnReceived',
  refunded: 'ReturnRefunded',
  expired: 'ReturnExpired',
};

interface ReturnMove {
  state: Exclude<ReturnState, 'requested'>;
  shipmentId?: string;
  trackingNumber?: string;
  note?: string;
}

/**
 * Moves a return along its table; a move already made changes nothing. Throws ILLEGAL_TRANSITION.
 */
export const moveReturn = (pg: Pg, storeId: string, id: string, move: ReturnMove): Promise<void> =>
  pg.transaction('returns.move', async (tx) => {
    const match = and(eq(returns.storeId, storeId), eq(returns.id, id));
    const [present] = await tx.select().from(returns).where(match).for('update');
    if (!present) throw noReturn();
    if (present.state === move.state) return;
    if (!RETURN_MOVES[present.state].includes(move.state)) {
      throw new DomainError('ILLEGAL_TRANSITION', `a return cannot become ${move.state} now`, {
        facts: { from: present.state, to: move.state },
      });
    }
    await tx
      .update(returns)
      .set({ ...move, updatedAt: new Date() })
      .where(match);
    const row = await writeChange(tx, await lockOrder(tx, storeId, present.orderId), {});
    const { trackingNumber, note } = move;
    const data: EventData = {
      returnId: id,
      ...(trackingNumber && { trackingNumber }),
      ...(note && { note }),
    };
    await recordEvent(tx, row, EVENTS[move.state], data);
  });
