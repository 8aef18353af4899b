// The epoch: raised by every rebuild of Redis, so that a writer with an older one changes nothing.
import { sql } from 'drizzle-orm';
import { prepared, type Pg, type Tx } from '../client.ts';
import { LOCKS } from '../locks.ts';

/** The ledger's epoch, locked in share mode until the transaction ends. */
export const shareEpoch = async (tx: Tx): Promise<number> => {
  const [row] = await prepared<{ epoch: number }>(tx, sql`select inventory.share_epoch() as epoch`);
  if (!row) throw new Error('the ledger has no epoch');
  return row.epoch;
};

export const ledgerEpoch = (pg: Pg): Promise<number> =>
  pg.query('epoch.read', async (db) => {
    const [row] = await prepared<{ epoch: number }>(
      db,
      sql`select epoch from inventory.epochs where id = 1`,
    );
    if (!row) throw new Error('the ledger has no epoch');
    return row.epoch;
  });

/**
 * Raises the epoch from `from`, after waiting for every transaction that shares it. Returns the new
 * one, or undefined when another caller raised it meanwhile.
 */
export const raiseEpoch = (pg: Pg, from: number): Promise<number | undefined> =>
  pg.transaction('epoch.raise', async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCKS.epoch})`);
    const [row] = await tx.execute<{ epoch: number }>(sql`
      update inventory.epochs set epoch = epoch + 1 where id = 1 and epoch = ${from}
      returning epoch`);
    return row?.epoch;
  });
