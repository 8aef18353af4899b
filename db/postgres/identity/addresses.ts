// Changes an account's address: stored under a mailed secret, applied when the secret is used.
import { and, eq, gt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import { violatedConstraint, type Pg, type Tx } from '../client.ts';
import { accounts, sessions, verifications } from '../schema/identity.ts';
import { queueMailIn } from './mail-queue.ts';

const CHANGE_SECONDS = 60 * 60;

const identifierOf = (hash: string): string => `change-email:${hash}`;

const invalidToken = (): DomainError =>
  new DomainError('TOKEN_INVALID', 'this token is unknown, used or too old');

/**
 * Stores the new address for an hour under the secret's hash; using the secret proves ownership of
 * the address.
 */
export const noteAddressChange = (
  pg: Pg,
  { hash, accountId, newEmail }: { hash: string; accountId: string; newEmail: string },
): Promise<void> =>
  pg.query('identity.noteAddressChange', async (db) => {
    await db.insert(verifications).values({
      id: newId('verification'),
      identifier: identifierOf(hash),
      value: `${accountId} ${newEmail}`,
      expiresAt: sql`now() + make_interval(secs => ${CHANGE_SECONDS})`,
    });
  });

/** The account and address of a secret, which is deleted with it. */
const takeChange = async (tx: Tx, hash: string) => {
  const isIt = eq(verifications.identifier, identifierOf(hash));
  const [noted] = await tx
    .delete(verifications)
    .where(and(isIt, gt(verifications.expiresAt, sql`now()`)))
    .returning({ value: verifications.value });
  const [accountId, newEmail] = noted?.value.split(' ') ?? [];
  if (!accountId || !newEmail) throw invalidToken();
  return { accountId, newEmail };
};

/** Invalidates earlier secrets mailed for the account, to either address. */
const endMailedSecrets = (tx: Tx, accountId: string) =>
  tx.delete(verifications).where(sql`split_part(${verifications.value}, ' ', 1) = ${accountId}`);

/**
 * Applies the stored address as confirmed, ends every session of the account and mails the old
 * address, atomically. Throws TOKEN_INVALID, also when another account has the address by now.
 */
export const changeAddress = (pg: Pg, hash: string): Promise<void> =>
  pg
    .transaction('identity.changeAddress', async (tx) => {
      const { accountId, newEmail } = await takeChange(tx, hash);
      const isIt = eq(accounts.id, accountId);
      const [before] = await tx
        .select({ email: accounts.email })
        .from(accounts)
        .where(isIt)
        .for('update');
      if (!before) throw invalidToken();
      const change = { email: newEmail, emailVerified: true, updatedAt: sql`now()` };
      await tx.update(accounts).set(change).where(isIt);
      await tx.delete(sessions).where(eq(sessions.userId, accountId));
      await endMailedSecrets(tx, accountId);
      await queueMailIn(tx, { kind: 'address_changed', email: before.email });
    })
    .catch((error: unknown): never => {
      throw violatedConstraint(error) === 'accounts_email_key' ? invalidToken() : error;
    });
