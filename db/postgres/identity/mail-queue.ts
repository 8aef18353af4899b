// The queue of mails to be sent: written in the request, taken and sent later by any gateway.
import { and, eq, lt, sql } from 'drizzle-orm';
import type { Pg, Tx } from '../client.ts';
import { mailQueue, type QueuedMailKind } from '../schema/identity.ts';

/**
 * How long a taken mail is reserved, longer than sending takes, so that no other gateway takes it.
 */
const TAKEN_SECONDS = 60;
/** Shortest time between two mails of a kind to one address. */
const PAUSE_SECONDS = 60;
/** After this many attempts, about a day, the mail is given up. */
const ATTEMPTS_MAX = 40;

export const MAIL_CHANNEL = 'identity_mail';

export interface Wanted {
  kind: QueuedMailKind;
  email: string;
  /** The requested new address; only for `change_email`. */
  newEmail?: string;
}

export interface QueuedMail extends Omit<Wanted, 'newEmail'> {
  newEmail: string | null;
  attempts: number;
}

/** Queues a mail in a transaction: it is sent if and only if that commits. */
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
 * Queues a mail. A repeated request before it is sent replaces the queued one. After it was sent it
 * is queued again, at most once a minute, which protects an inbox from being flooded.
 */
export const queueMail = (pg: Pg, wanted: Wanted): Promise<void> =>
  pg.transaction('identity.queueMail', (tx) => queueMailIn(tx, wanted));

/** Takes the oldest due mail and reserves it for a minute. */
export const takeQueuedMail = (pg: Pg): Promise<QueuedMail | undefined> =>
  pg.query('identity.takeMail', async (db) => {
    const rows = await db.execute<QueuedMail & Record<string, unknown>>(sql`
      update identity.mail_queue set attempts = attempts + 1,
        next_at = now() + make_interval(secs => ${TAKEN_SECONDS} * least(attempts + 1, 30))
      where (kind, email) = (select kind, email from identity.mail_queue
        where next_at <= now() order by next_at limit 1 for update skip locked)
      returning kind, email, new_email as "newEmail", attempts`);
    return rows[0];
  });

/** Ends a mail that was sent or given up, unless it was replaced meanwhile. */
export const endQueuedMail = (pg: Pg, { kind, email, newEmail }: QueuedMail): Promise<void> =>
  pg.query('identity.endMail', async (db) => {
    const ended = { sentAt: sql`now()`, nextAt: sql`'infinity'::timestamptz` };
    const isThis = sql`${mailQueue.newEmail} is not distinct from ${newEmail}`;
    await db
      .update(mailQueue)
      .set(ended)
      .where(and(eq(mailQueue.kind, kind), eq(mailQueue.email, email), isThis));
  });

/** Deletes mails that ended so long ago that they no longer limit new ones. */
export const removeEndedMails = (pg: Pg): Promise<void> =>
  pg.query('identity.removeEndedMails', async (db) => {
    const pause = sql`make_interval(secs => ${PAUSE_SECONDS})`;
    await db.delete(mailQueue).where(lt(mailQueue.sentAt, sql`now() - ${pause}`));
  });

export const isHopeless = ({ attempts }: QueuedMail): boolean => attempts >= ATTEMPTS_MAX;
