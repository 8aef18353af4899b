// Tokens of mails that confirm an address: stored as hashes, for an hour, used once.
import { and, eq, gt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import type { Db, Pg, Tx } from '../client.ts';
import { verifications } from '../schema/identity.ts';

const LIFE_SECONDS = 60 * 60;

/** What using a token does: confirms the account's address, or gives it another one. */
export type MailedPurpose = 'verify-email' | 'change-email';

/** What a token is about, and the address that the token was mailed to. */
export interface Mailed {
  /**
   * The account that changes its address. To confirm an address: that address, because only the
   * password or session that comes with the token says whose sign-up it confirms.
   */
  subject: string;
  email: string;
}

const identifierOf = (purpose: MailedPurpose, hash: string): string => `${purpose}:${hash}`;

export const invalidToken = (): DomainError =>
  new DomainError('TOKEN_INVALID', 'this token is unknown, used or too old');

/** Stores a token by its hash; using it proves ownership of the address. */
export const noteMailedToken = (
  pg: Pg,
  purpose: MailedPurpose,
  { hash, subject, email }: Mailed & { hash: string },
): Promise<void> =>
  pg.query('identity.noteMailedToken', async (db) => {
    await db.insert(verifications).values({
      id: newId('verification'),
      identifier: identifierOf(purpose, hash),
      value: `${subject} ${email}`,
      expiresAt: sql`now() + make_interval(secs => ${LIFE_SECONDS})`,
    });
  });

const isLiving = (purpose: MailedPurpose, hash: string) =>
  and(
    eq(verifications.identifier, identifierOf(purpose, hash)),
    gt(verifications.expiresAt, sql`now()`),
  );

const mailedOf = (row: { value: string } | undefined): Mailed => {
  const [subject, email] = row?.value.split(' ') ?? [];
  if (!subject || !email) throw invalidToken();
  return { subject, email };
};

/** The subject and address of a token, which stays. TOKEN_INVALID. */
export const mailedBy = (pg: Pg, purpose: MailedPurpose, hash: string): Promise<Mailed> =>
  pg.query('identity.mailedBy', async (db: Db) => {
    const [row] = await db
      .select({ value: verifications.value })
      .from(verifications)
      .where(isLiving(purpose, hash));
    return mailedOf(row);
  });

/** Deletes a token and returns what it was for: of two at once only one gets it. TOKEN_INVALID. */
export const takeMailedToken = async (
  tx: Tx,
  purpose: MailedPurpose,
  hash: string,
): Promise<Mailed> => {
  const [row] = await tx
    .delete(verifications)
    .where(isLiving(purpose, hash))
    .returning({ value: verifications.value });
  return mailedOf(row);
};

/** Ends every token about an account, or for confirming an address. */
export const endMailedTokens = (tx: Tx, subject: string) =>
  tx.delete(verifications).where(sql`split_part(${verifications.value}, ' ', 1) = ${subject}`);
