// Mails that somebody asked for: written down at once, sent later by whoever takes them.
import { and, eq, sql } from 'drizzle-orm';
import type { Pg } from '../client.ts';
import { mailWishes, type MailWish } from '../schema/identity.ts';

/** Longer than a mail takes, so that nobody else takes it meanwhile. */
const TAKEN_SECONDS = 60;
/** After that many tries, about a day, nobody waits for it any more. */
const ATTEMPTS_MAX = 40;

export const MAIL_CHANNEL = 'identity_mail';

export interface Wish {
  kind: MailWish;
  email: string;
  attempts: number;
}

/** Asks for a mail; asking again before it is sent is the same wish. */
export const wishMail = (pg: Pg, kind: MailWish, email: string): Promise<void> =>
  pg.transaction('identity.wishMail', async (tx) => {
    await tx.insert(mailWishes).values({ kind, email }).onConflictDoNothing();
    await tx.execute(sql`select pg_notify(${MAIL_CHANNEL}, '')`);
  });

/** Takes the oldest wish that is due, and for a minute nobody else does. */
export const takeWish = (pg: Pg): Promise<Wish | undefined> =>
  pg.query('identity.takeWish', async (db) => {
    const rows = await db.execute<{ kind: MailWish; email: string; attempts: number }>(sql`
      update identity.mail_wishes set attempts = attempts + 1,
        next_at = now() + make_interval(secs => ${TAKEN_SECONDS} * least(attempts + 1, 30))
      where (kind, email) = (select kind, email from identity.mail_wishes
        where next_at <= now() order by next_at limit 1 for update skip locked)
      returning kind, email, attempts`);
    return rows[0];
  });

/** It was sent, or nobody is to get it. */
export const dropWish = (pg: Pg, { kind, email }: Wish): Promise<void> =>
  pg.query('identity.dropWish', async (db) => {
    await db.delete(mailWishes).where(and(eq(mailWishes.kind, kind), eq(mailWishes.email, email)));
  });

export const isHopeless = ({ attempts }: Wish): boolean => attempts >= ATTEMPTS_MAX;
