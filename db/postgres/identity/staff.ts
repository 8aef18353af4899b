// The staff of stores and the operators, by address, which their account must have confirmed.
import { and, asc, eq, ne, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { StaffRole } from '../../../domain/permissions.ts';
import type { Pg, Tx } from '../client.ts';
import { accounts, operators, staff } from '../schema/identity.ts';
import { takeKeysMadeBy, type KeyRow } from './keys.ts';

export const STAFF_MAX = 200;

const shown = {
  email: staff.email,
  role: staff.role,
  createdBy: staff.createdBy,
  createdAt: staff.createdAt,
};
export type StaffRow = Pick<typeof staff.$inferSelect, keyof typeof shown>;

/** A store's staff, sorted by address; at most 200. */
export const listStaff = (pg: Pg, storeId: StoreId): Promise<StaffRow[]> =>
  pg.query('identity.listStaff', (db) =>
    db
      .select(shown)
      .from(staff)
      .where(eq(staff.storeId, storeId))
      .orderBy(asc(staff.email))
      .limit(STAFF_MAX),
  );

/** Serialises a store's changes, so that two owners cannot remove each other concurrently. */
const lockStore = (tx: Tx, storeId: StoreId) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`staff/${storeId}`}, 0))`);

/** Throws ILLEGAL_TRANSITION when this removal leaves a store without an owner. */
const assertOwned = async (tx: Tx, storeId: StoreId, email: string): Promise<void> => {
  const here = eq(staff.storeId, storeId);
  const isOwner = eq(staff.role, 'owner');
  const others = await tx.$count(staff, and(here, isOwner, ne(staff.email, email)));
  const self = await tx.$count(staff, and(here, isOwner, eq(staff.email, email)));
  if (self === 0 || others > 0) return;
  throw new DomainError('ILLEGAL_TRANSITION', 'a store keeps at least one owner');
};

export interface StaffDraft {
  storeId: StoreId;
  email: string;
  role: StaffRole;
  createdBy: string;
}

/** Sets the role of an address in a store. Throws ILLEGAL_TRANSITION. */
export const putStaff = (pg: Pg, draft: StaffDraft): Promise<StaffRow> =>
  pg.transaction('identity.putStaff', async (tx) => {
    const { storeId, email, role } = draft;
    await lockStore(tx, storeId);
    if (role !== 'owner') await assertOwned(tx, storeId, email);
    if ((await tx.$count(staff, eq(staff.storeId, storeId))) >= STAFF_MAX) {
      throw new DomainError('ILLEGAL_TRANSITION', `a store has at most ${STAFF_MAX} people`);
    }
    const [row] = await tx
      .insert(staff)
      .values(draft)
      .onConflictDoUpdate({ target: [staff.storeId, staff.email], set: { role } })
      .returning(shown);
    if (!row) throw new Error('a member of staff was not inserted');
    return row;
  });

/** What becomes of the live keys that a removed member has made. */
export type KeysOfRemoved = 'keep' | 'end';

/**
 * Removes an address from a store's staff; returns the live keys that its account has made there,
 * and ends them where it is asked. NOT_FOUND, ILLEGAL_TRANSITION.
 */
export const removeStaff = (
  pg: Pg,
  storeId: StoreId,
  email: string,
  keys: KeysOfRemoved,
): Promise<KeyRow[]> =>
  pg.transaction('identity.removeStaff', async (tx) => {
    await lockStore(tx, storeId);
    await assertOwned(tx, storeId, email);
    const gone = await tx
      .delete(staff)
      .where(and(eq(staff.storeId, storeId), eq(staff.email, email)))
      .returning({ email: staff.email });
    if (gone.length === 0) throw new DomainError('NOT_FOUND', 'no such member of staff');
    const [account] = await tx
      .select({ accountId: accounts.id })
      .from(accounts)
      .where(eq(accounts.email, email));
    return account ? takeKeysMadeBy(tx, { storeId, ...account, ends: keys === 'end' }) : [];
  });

/** The stores and roles of a confirmed address. */
export const listMemberships = (
  pg: Pg,
  email: string,
): Promise<{ storeId: string; role: StaffRole }[]> =>
  pg.query('identity.listMemberships', (db) =>
    db
      .select({ storeId: staff.storeId, role: staff.role })
      .from(staff)
      .where(eq(staff.email, email))
      .orderBy(asc(staff.createdAt))
      .limit(STAFF_MAX),
  );

export const listOperators = (pg: Pg): Promise<{ email: string }[]> =>
  pg.query('identity.listOperators', (db) =>
    db.select({ email: operators.email }).from(operators).orderBy(asc(operators.email)),
  );

export const addOperator = (pg: Pg, email: string): Promise<void> =>
  pg.query('identity.addOperator', async (db) => {
    await db.insert(operators).values({ email }).onConflictDoNothing();
  });

export const removeOperator = (pg: Pg, email: string): Promise<void> =>
  pg.query('identity.removeOperator', async (db) => {
    await db.delete(operators).where(eq(operators.email, email));
  });
