// Mails of accounts: asked for in the request, made and sent after it, by one gateway each.
import type { Pg } from '../../../db/postgres/client.ts';
import { findAccountByEmail, removeExpired } from '../../../db/postgres/identity/accounts.ts';
import { removeEndedKeys } from '../../../db/postgres/identity/keys.ts';
import {
  endWish,
  isHopeless,
  MAIL_CHANNEL,
  removeEndedWishes,
  takeWish,
  type Wish,
} from '../../../db/postgres/identity/mail-wishes.ts';
import type { MailWish } from '../../../db/postgres/schema/identity.ts';
import { newId } from '../../../domain/ids.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { Auth } from './auth.ts';

/** NOTIFY wakes the sender at once; this is for what was missed, and for what failed. */
const LOOK_EVERY_MS = 5_000;
/** Looks between two clean-ups of what has expired. */
const CLEAN_EVERY_LOOKS = 60;

/** The outside world's part of it. */
interface Mailer {
  send(mail: {
    to: string;
    subject: string;
    text: string;
    html: string;
    messageId: string;
  }): Promise<void>;
}

export interface MailParts {
  pg: Pg;
  auth: Auth;
  mailer: Mailer;
  publicUrl: string;
  telemetry: Telemetry;
}

interface Letter {
  subject: string;
  sentences: string[];
  path: string;
}

const IF_NOT_YOU = 'If it was not you, do nothing: without this link nothing happens.';

const LETTERS: Record<MailWish, Letter> = {
  verify_email: {
    subject: 'Is this your address?',
    sentences: ['Somebody, we hope you, made an account with this address. Confirm it here:'],
    path: '/auth/verify-email',
  },
  reset_password: {
    subject: 'A new password',
    sentences: ['Somebody, we hope you, asked for a new password. Choose it here:'],
    path: '/auth/reset-password',
  },
  already_registered: {
    subject: 'You have an account already',
    sentences: [
      'Somebody, we hope you, wanted to make an account with this address, which has one.',
      'Sign in with its password; if you do not know it, choose a new one here:',
    ],
    path: '/auth/reset-password',
  },
};

/** What is sent: the link's token is also there by itself, for programs and for typing. */
const letterOf = (kind: MailWish, name: string, token: string, publicUrl: string) => {
  const { subject, sentences, path } = LETTERS[kind];
  const link = `${publicUrl}${path}?token=${encodeURIComponent(token)}`;
  const lines = [`Hello ${name},`, ...sentences, link, `Token: ${token}`, IF_NOT_YOU];
  const html = lines.map((line) => `<p>${Bun.escapeHTML(line)}</p>`).join('\n');
  return { subject, text: `${lines.join('\n\n')}\n`, html: `<!doctype html>${html}` };
};

/** Nobody has this address, or it is confirmed: then there is nothing to send. */
const send = async (parts: MailParts, { kind, email }: Wish): Promise<void> => {
  const { pg, auth, mailer, publicUrl } = parts;
  const account = await findAccountByEmail(pg, email);
  if (!account || (kind === 'verify_email' && account.emailVerified)) return;
  const token =
    kind === 'verify_email'
      ? await auth.verificationToken(email, account.id)
      : await auth.resetToken(email);
  const messageId = newId('verification');
  await mailer.send({ to: email, messageId, ...letterOf(kind, account.name, token, publicUrl) });
};

/** Sends one wish; false when there is none that is due. */
const sendNext = async (parts: MailParts): Promise<boolean> => {
  const wish = await takeWish(parts.pg);
  if (!wish) return false;
  try {
    await send(parts, wish);
  } catch (error) {
    parts.telemetry.log.error('mail not sent', error, { kind: wish.kind });
    if (!isHopeless(wish)) return true;
  }
  await endWish(parts.pg, wish);
  return true;
};

/** Sends what is wished for until it is stopped, and removes what has expired. */
export const startMailing = (parts: MailParts): { stop(): Promise<void> } => {
  const { pg, telemetry } = parts;
  let stopped = false;
  let awake = Promise.withResolvers<void>();
  const wake = (): void => awake.resolve();
  const listening = pg.listen(MAIL_CHANNEL, wake).catch((error: unknown) => {
    telemetry.log.warn('mails are looked for by the clock alone', { reason: String(error) });
  });
  const loop = async (): Promise<void> => {
    for (let looks = 1; !stopped; looks++) {
      awake = Promise.withResolvers<void>();
      try {
        if (looks % CLEAN_EVERY_LOOKS === 0)
          await Promise.all([removeExpired(pg), removeEndedKeys(pg), removeEndedWishes(pg)]);
        if (await sendNext(parts)) continue;
      } catch (error) {
        telemetry.log.error('mails not looked for', error);
      }
      const timer = setTimeout(wake, LOOK_EVERY_MS);
      await awake.promise;
      clearTimeout(timer);
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
