// Mails that somebody asked for: written down at once, sent later by whoever takes them.
import { and, eq, lt, sql } from 'drizzle-orm';
import type { Pg, Tx } from '../client.ts';
import { mailQueue, type QueuedMailKind } from '../schema/identity.ts';

/** Longer than a mail takes, so that nobody else takes it meanwhile. */
const TAKEN_SECONDS = 60;
/** Between two mails of a kind to one address. */
const PAUSE_SECONDS = 60;
/** After that many tries, about a day, nobody waits for it any more. */
const ATTEMPTS_MAX = 40;

export const MAIL_CHANNEL = 'identity_mail';

export interface Wanted {
  kind: QueuedMailKind;
  email: string;
  /** Of `change_email` alone: what its account wants to have instead. */
  newEmail?: string;
}

export interface QueuedMail extends Omit<Wanted, 'newEmail'> {
  newEmail: string | null;
  attempts: number;
}

/** The same inside a transaction: the mail is sent if, and only if, that commits. */
export const queueMailIn = async (tx: Tx, { kind, email, newEmail }: Wanted): Promise<void> => {
  const { sentAt, nextAt, attempts, newEmail: before } = mailQueue;
  const pause = sql`make_interval(secs => ${PAUSE_SECONDS})`;
  await tx
    .insert(mailQueue)
    .values({ kind, email, newEmail })
    .onConflictDoUpdate({
      target: [mailQueue.kind, mailQueue.email],
      set: {
        newEmail: sql`excluded.new_email`,
        nextAt: sql`coalesce(${sentAt} + ${pause}, ${nextAt})`,
        attempts: sql`case when ${sentAt} is null then ${attempts} else 0 end`,
        sentAt: null,
      },
      setWhere: sql`${sentAt} is not null or ${before} is distinct from excluded.new_email`,
    });
  await tx.execute(sql`select pg_notify(${MAIL_CHANNEL}, '')`);
};

/**
 * Asks for a mail. Asking again before it is sent is the same wish, of which the last word counts;
 * after that it is sent again, but not sooner than a minute later, so that nobody can fill
 * somebody's inbox.
 */
export const queueMail = (pg: Pg, wanted: Wanted): Promise<void> =>
  pg.transaction('identity.wishMail', (tx) => queueMailIn(tx, wanted));

/** Takes the oldest wish that is due, and for a minute nobody else does. */
export const takeQueuedMail = (pg: Pg): Promise<QueuedMail | undefined> =>
  pg.query('identity.takeWish', async (db) => {
    const rows = await db.execute<QueuedMail & Record<string, unknown>>(sql`
      update identity.mail_queue set attempts = attempts + 1,
        next_at = now() + make_interval(secs => ${TAKEN_SECONDS} * least(attempts + 1, 30))
      where (kind, email) = (select kind, email from identity.mail_queue
        where next_at <= now() order by next_at limit 1 for update skip locked)
      returning kind, email, new_email as "newEmail", attempts`);
    return rows[0];
  });

/** It was sent, or nobody is to get it: nobody takes it, unless it has become another one. */
export const endQueuedMail = (pg: Pg, { kind, email, newEmail }: QueuedMail): Promise<void> =>
  pg.query('identity.endWish', async (db) => {
    const ended = { sentAt: sql`now()`, nextAt: sql`'infinity'::timestamptz` };
    const isThis = sql`${mailQueue.newEmail} is not distinct from ${newEmail}`;
    await db
      .update(mailQueue)
      .set(ended)
      .where(and(eq(mailQueue.kind, kind), eq(mailQueue.email, email), isThis));
  });

/** Removes wishes that ended long enough ago to be asked for again. */
export const removeEndedMails = (pg: Pg): Promise<void> =>
  pg.query('identity.removeEndedWishes', async (db) => {
    const pause = sql`make_interval(secs => ${PAUSE_SECONDS})`;
    await db.delete(mailQueue).where(lt(mailQueue.sentAt, sql`now() - ${pause}`));
  });

export const isHopeless = ({ attempts }: QueuedMail): boolean => attempts >= ATTEMPTS_MAX;
