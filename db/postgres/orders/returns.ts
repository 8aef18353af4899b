// Returns of an order: requested once per key, within the bought units, each move with its event.
import { and, asc, eq, gt, inArray, lt } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import { currencyOf } from '../../../domain/money.ts';
import { demandOf } from '../../../domain/order.ts';
import {
  inspectedOf,
  RETURN_MOVES,
  valueReturn,
  type Inspection,
  type ReturnLine,
  type ReturnState,
} from '../../../domain/returns.ts';
import { msAgo, type Pg, type Tx } from '../client.ts';
import { returns } from '../schema/orders.ts';
import { afterCaptureOf } from './after-capture.ts';
import { recordEvent, type EventData } from './events.ts';
import { lockOrder } from './orders.ts';
import { writeChange } from './steps.ts';

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

export interface ReturnsPage {
  states: readonly ReturnState[];
  /** Of the last one seen; empty for the first page. */
  after: string;
  limit: number;
}

/** Returns of every store in these states, by their id, which sorts as they were requested. */
export const listReturnsIn = (pg: Pg, { states, after, limit }: ReturnsPage): Promise<Return[]> =>
  pg.query('returns.listIn', (db) =>
    db
      .select()
      .from(returns)
      .where(and(inArray(returns.state, [...states]), gt(returns.id, after)))
      .orderBy(asc(returns.id))
      .limit(limit),
  );

/** Throws NOT_FOUND. */
export const returnOfAnyStore = (pg: Pg, id: string): Promise<Return> =>
  pg.query('returns.ofAnyStore', async (db) => {
    const [row] = await db.select().from(returns).where(eq(returns.id, id));
    if (!row) throw noReturn();
    return row;
  });

/** Returns whose workflow has not begun for `olderThanMs`, by their ids. */
export const listRequested = (
  pg: Pg,
  olderThanMs: number,
  { after, limit }: { after: string; limit: number },
): Promise<Return[]> =>
  pg.query('returns.requested', (db) =>
    db
      .select()
      .from(returns)
      .where(
        and(
          eq(returns.state, 'requested'),
          lt(returns.createdAt, msAgo(olderThanMs)),
          gt(returns.id, after),
        ),
      )
      .orderBy(asc(returns.id))
      .limit(limit),
  );

const EVENTS: Record<Exclude<ReturnState, 'requested'>, string> = {
  approved: 'ReturnApproved',
  rejected: 'ReturnRejected',
  received: 'ReturnReceived',
  refunded: 'ReturnRefunded',
  expired: 'ReturnExpired',
  in_transit: 'ReturnSent',
  inspected: 'ReturnInspected',
};

interface ReturnMove {
  state: Exclude<ReturnState, 'requested'>;
  shipmentId?: string;
  trackingNumber?: string;
  note?: string | undefined;
  accepted?: ReturnLine[];
  location?: string;
  sendUntil?: Date;
  refundMinor?: number;
}

const lockReturn = async (tx: Tx, storeId: string, id: string): Promise<Return> => {
  const match = and(eq(returns.storeId, storeId), eq(returns.id, id));
  const [present] = await tx.select().from(returns).where(match).for('update');
  if (!present) throw noReturn();
  return present;
};

/** Moves a locked return along its table, with the order's event. ILLEGAL_TRANSITION. */
const moveLocked = async (tx: Tx, present: Return, move: ReturnMove): Promise<Return> => {
  const { id, storeId, orderId, state } = present;
  if (!RETURN_MOVES[state].includes(move.state)) {
    throw new DomainError('ILLEGAL_TRANSITION', `a return cannot become ${move.state} now`, {
      facts: { from: state, to: move.state },
    });
  }
  const set = { ...move, updatedAt: new Date() };
  const [moved = present] = await tx.update(returns).set(set).where(eq(returns.id, id)).returning();
  const row = await writeChange(tx, await lockOrder(tx, storeId, orderId), {});
  const { trackingNumber, note, accepted } = move;
  const data: EventData = {
    returnId: id,
    ...(trackingNumber && { trackingNumber }),
    ...(note && { note }),
    ...(accepted && { accepted }),
  };
  await recordEvent(tx, row, EVENTS[move.state], data);
  return moved;
};

/**
 * Moves a return along its table; a move already made changes nothing. Throws ILLEGAL_TRANSITION.
 */
export const moveReturn = (pg: Pg, storeId: string, id: string, move: ReturnMove): Promise<void> =>
  pg.transaction('returns.move', async (tx) => {
    const present = await lockReturn(tx, storeId, id);
    if (present.state !== move.state) await moveLocked(tx, present, move);
  });

/** States before the inspection. */
export const UNINSPECTED: readonly ReturnState[] = ['approved', 'in_transit', 'received'];

/**
 * Records what was accepted of a return, once; a return of which nothing is, is rejected. Units
 * that are accepted before their parcel was seen have been received. ILLEGAL_TRANSITION,
 * INVALID_INPUT.
 */
export const inspectReturn = (
  pg: Pg,
  storeId: string,
  id: string,
  { location, ...inspection }: Inspection & { location: string },
): Promise<Return> =>
  pg.transaction('returns.inspect', async (tx) => {
    const present = await lockReturn(tx, storeId, id);
    if (!UNINSPECTED.includes(present.state)) return present;
    const { lines, currency } = await lockOrder(tx, storeId, present.orderId);
    const order = { lines, currency: currencyOf(currency) };
    const { accepted, refundMinor } = inspectedOf(order, present, inspection);
    const { note } = inspection;
    if (accepted.length === 0) return moveLocked(tx, present, { state: 'rejected', note });
    const isHere = present.state === 'received';
    const here = isHere ? present : await moveLocked(tx, present, { state: 'received' });
    const move = { state: 'inspected' as const, accepted, refundMinor, note, location };
    return moveLocked(tx, here, move);
  });

/** Records that a return's refund has reached the shopper; one that has ended stays as it is. */
export const concludeReturn = (pg: Pg, storeId: string, id: string): Promise<void> =>
  pg.transaction('returns.conclude', async (tx) => {
    const present = await lockReturn(tx, storeId, id);
    if (present.state === 'inspected') await moveLocked(tx, present, { state: 'refunded' });
  });
