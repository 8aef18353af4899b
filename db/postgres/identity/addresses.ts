// Confirms and changes the addresses of accounts by mailed tokens, each in one transaction.
import { eq, sql } from 'drizzle-orm';
import { violatedConstraint, type Pg, type Tx } from '../client.ts';
import { accounts, sessions } from '../schema/identity.ts';
import { queueMailIn } from './mail-queue.ts';
import { endMailedTokens, invalidToken, takeMailedToken } from './mailed-tokens.ts';
import { confirmPending, endSignUps, lockAddress, lockedAccount } from './sign-ups.ts';

const takenMeanwhile = (error: unknown): never => {
  throw violatedConstraint(error) === 'accounts_email_key' ? invalidToken() : error;
};

const setVerified = (tx: Tx, accountId: string) =>
  tx
    .update(accounts)
    .set({ emailVerified: true, updatedAt: sql`now()` })
    .where(eq(accounts.id, accountId))
    .returning({ email: accounts.email });

/**
 * Confirms the address for one of its sign-ups, once; every other sign-up of the address ends, with
 * its password, sessions and tokens. TOKEN_INVALID, also when that sign-up is over by now.
 */
export const confirmAddress = (pg: Pg, hash: string, accountId: string): Promise<void> =>
  pg
    .transaction('identity.confirmAddress', async (tx) => {
      const { email } = await takeMailedToken(tx, 'verify-email', hash);
      await lockAddress(tx, email);
      const before = await lockedAccount(tx, email);
      if (before?.emailVerified) throw invalidToken();
      if (before?.id === accountId) await setVerified(tx, accountId);
      else if (!(await confirmPending(tx, { id: accountId, email }, before))) throw invalidToken();
      await endSignUps(tx, email);
    })
    .catch(takenMeanwhile);

/** Marks the address as verified, after a mailed secret was used; other sign-ups of it end. */
export const markVerified = (pg: Pg, accountId: string): Promise<void> =>
  pg.transaction('identity.markVerified', async (tx) => {
    for (const { email } of await setVerified(tx, accountId)) await endSignUps(tx, email);
  });

/**
 * Applies the stored address as confirmed, ends every session of the account and mails the old
 * address, atomically. Throws TOKEN_INVALID, also when another account has the address by now.
 */
export const changeAddress = (pg: Pg, hash: string): Promise<void> =>
  pg
    .transaction('identity.changeAddress', async (tx) => {
      const { subject: accountId, email } = await takeMailedToken(tx, 'change-email', hash);
      await lockAddress(tx, email);
      const isIt = eq(accounts.id, accountId);
      const [before] = await tx
        .select({ email: accounts.email })
        .from(accounts)
        .where(isIt)
        .for('update');
      if (!before) throw invalidToken();
      const change = { email, emailVerified: true, updatedAt: sql`now()` };
      await tx.update(accounts).set(change).where(isIt);
      await tx.delete(sessions).where(eq(sessions.userId, accountId));
      await endMailedTokens(tx, accountId);
      await endSignUps(tx, email);
      await queueMailIn(tx, { kind: 'address_changed', email: before.email });
    })
    .catch(takenMeanwhile);
