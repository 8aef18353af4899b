// Sends the mails of accounts: a request records one, and one gateway renders and sends it.
import { randomBytes } from 'node:crypto';
import { createWakeUp } from '../../../concurrency/wake-up.ts';
import type { Pg } from '../../../db/postgres/client.ts';
import {
  findAccountByEmail,
  removeExpired,
  type AccountFound,
} from '../../../db/postgres/identity/accounts.ts';
import { removeEndedKeys } from '../../../db/postgres/identity/keys.ts';
import {
  endQueuedMail,
  isHopeless,
  MAIL_CHANNEL,
  removeEndedMails,
  takeQueuedMail,
  queueMail,
  type QueuedMail,
} from '../../../db/postgres/identity/mail-queue.ts';
import {
  noteMailedToken,
  type Mailed,
  type MailedPurpose,
} from '../../../db/postgres/identity/mailed-tokens.ts';
import { removeOldRevocations } from '../../../db/postgres/identity/order-tokens.ts';
import { listUnconfirmed, removeOldSignUps } from '../../../db/postgres/identity/sign-ups.ts';
import { newId } from '../../../domain/ids.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import { keyHash } from '../../http/credentials/keys.ts';
import type { Auth } from './auth.ts';
import { mailTemplateOf, type About } from './mail-templates.ts';

/** NOTIFY wakes the sender at once; the timer covers missed notifications and failed mails. */
const LOOK_EVERY_MS = 5_000;
const TOKEN_BYTES = 32;
/** How many polls lie between two removals of expired mails. */
const CLEAN_EVERY_LOOKS = 60;

/** The sender of mails. */
interface Mailer {
  send(mail: {
    to: string;
    subject: string;
    text: string;
    html: string;
    messageId: string;
  }): Promise<void>;
}

export interface MailDeps {
  pg: Pg;
  auth: Auth;
  mailer: Mailer;
  publicUrl: string;
  telemetry: Telemetry;
}

interface Addressed extends About {
  to: string;
}

/** A token that confirms this address, once, within an hour. */
const mailedToken = async (pg: Pg, purpose: MailedPurpose, mailed: Mailed): Promise<string> => {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  await noteMailedToken(pg, purpose, { ...mailed, hash: keyHash(token) });
  return token;
};

/** A mail to the requested address; if an account has it, the mail only informs its owner. */
const addressMail = async (
  pg: Pg,
  { id }: AccountFound,
  newEmail: string,
): Promise<Addressed | undefined> => {
  if (await findAccountByEmail(pg, newEmail)) {
    await queueMail(pg, { kind: 'address_taken', email: newEmail });
    return undefined;
  }
  const mailed = { subject: id, email: newEmail };
  return { to: newEmail, token: await mailedToken(pg, 'change-email', mailed) };
};

/** One mail for all sign-ups of an address: each confirms its own with it, by its password. */
const verifyMail = async (pg: Pg, email: string): Promise<Addressed | undefined> => {
  const signUps = await listUnconfirmed(pg, email);
  if (signUps.length === 0) return undefined;
  return { to: email, token: await mailedToken(pg, 'verify-email', { subject: email, email }) };
};

/** Undefined when no account has the address or it is confirmed: then nothing is sent. */
const mailOf = async (
  { pg, auth }: MailDeps,
  { kind, email, newEmail }: QueuedMail,
): Promise<Addressed | undefined> => {
  if (kind === 'address_changed') return { to: email };
  if (kind === 'verify_email') return verifyMail(pg, email);
  const account = await findAccountByEmail(pg, email);
  if (!account) return undefined;
  const mail = { to: email, ...(account.emailVerified && { name: account.name }) };
  if (kind === 'address_taken') return mail;
  if (kind === 'change_email') return newEmail ? addressMail(pg, account, newEmail) : undefined;
  return { ...mail, token: await auth.resetToken(email) };
};

const send = async (deps: MailDeps, queued: QueuedMail): Promise<void> => {
  const mail = await mailOf(deps, queued);
  if (!mail) return;
  const content = mailTemplateOf(queued.kind, mail, deps.publicUrl);
  await deps.mailer.send({ to: mail.to, messageId: newId('verification'), ...content });
};

/** Sends one mail; false when none is due. */
const sendNext = async (deps: MailDeps): Promise<boolean> => {
  const queued = await takeQueuedMail(deps.pg);
  if (!queued) return false;
  try {
    await send(deps, queued);
  } catch (error) {
    deps.telemetry.log.error('mail not sent', error, { kind: queued.kind });
    if (!isHopeless(queued)) return true;
  }
  await endQueuedMail(deps.pg, queued);
  return true;
};

const clean = (pg: Pg): Promise<unknown> =>
  Promise.all([
    removeExpired(pg),
    removeOldSignUps(pg),
    removeEndedKeys(pg),
    removeEndedMails(pg),
    removeOldRevocations(pg),
  ]);

/** Sends mails until it is stopped, and removes expired ones. */
export const startMailing = (deps: MailDeps): { stop(): Promise<void> } => {
  const { pg, telemetry } = deps;
  let stopped = false;
  const { wake, next } = createWakeUp();
  const listening = pg.listen(MAIL_CHANNEL, wake).catch((error: unknown) => {
    telemetry.log.warn('mail notifications unavailable, polling', { reason: String(error) });
  });
  const loop = async (): Promise<void> => {
    for (let looks = 1; !stopped; looks++) {
      try {
        if (looks % CLEAN_EVERY_LOOKS === 0) await clean(pg);
        if (await sendNext(deps)) continue;
      } catch (error) {
        telemetry.log.error('reading due mails failed', error);
      }
      await next(LOOK_EVERY_MS);
    }
  };
  const done = loop();
  return {
    stop: async () => {
      stopped = true;
      wake();
      await done;
      await (
        await listening
      )?.();
    },
  };
};
