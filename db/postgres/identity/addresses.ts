// Confirms and changes the addresses of accounts by mailed tokens, each in one transaction.
import { and, eq, sql } from 'drizzle-orm';
import { violatedConstraint, type Pg } from '../client.ts';
import { accounts, sessions } from '../schema/identity.ts';
import { queueMailIn } from './mail-queue.ts';
import { endMailedTokens, invalidToken, takeMailedToken } from './mailed-tokens.ts';

/** Confirms the account's address, once. TOKEN_INVALID, also when it has another one by now. */
export const confirmAddress = (pg: Pg, hash: string): Promise<void> =>
  pg.transaction('identity.confirmAddress', async (tx) => {
    const { accountId, email } = await takeMailedToken(tx, 'verify-email', hash);
    const confirmed = await tx
      .update(accounts)
      .set({ emailVerified: true, updatedAt: sql`now()` })
      .where(and(eq(accounts.id, accountId), eq(accounts.email, email)))
      .returning({ id: accounts.id });
    if (confirmed.length === 0) throw invalidToken();
  });

/**
 * Applies the stored address as confirmed, ends every session of the account and mails the old
 * address, atomically. Throws TOKEN_INVALID, also when another account has the address by now.
 */
export const changeAddress = (pg: Pg, hash: string): Promise<void> =>
  pg
    .transaction('identity.changeAddress', async (tx) => {
      const { accountId, email } = await takeMailedToken(tx, 'change-email', hash);
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
      await queueMailIn(tx, { kind: 'address_changed', email: before.email });
    })
    .catch((error: unknown): never => {
      throw violatedConstraint(error) === 'accounts_email_key' ? invalidToken() : error;
    });
