// The texts of the mails of accounts, as text and as HTML.
import type { QueuedMailKind } from '../../../db/postgres/schema/identity.ts';

interface MailTemplate {
  subject: string;
  sentences: string[];
  /** The link's start, up to its token; a mail that only informs has no link. */
  link?: string;
}

const IF_NOT_YOU = 'If it was not you, do nothing: without this link nothing happens.';

/** The link shows a page whose form uses the token; following it changes nothing. */
const RESET = '/auth/reset-password?token=';

export const MAIL_TEMPLATES: Record<QueuedMailKind, MailTemplate> = {
  verify_email: {
    subject: 'Is this your address?',
    sentences: ['Someone, we hope you, made an account with this address. Confirm it here:'],
    link: '/auth/verify-email?token=',
  },
  reset_password: {
    subject: 'A new password',
    sentences: ['Someone, we hope you, requested a new password. Choose it here:'],
    link: RESET,
  },
  already_registered: {
    subject: 'You have an account already',
    sentences: [
      'Someone, we hope you, tried to make an account with this address, which has one.',
      'Sign in with its password; if you do not know it, choose a new one here:',
    ],
    link: RESET,
  },
  change_email: {
    subject: 'Your new address',
    sentences: ['Someone, we hope you, set this address for an account. Confirm it here:'],
    link: '/auth/confirm-email-change?token=',
  },
  address_taken: {
    subject: 'This address has an account',
    sentences: [
      'Someone, we hope you, tried to set this address for another account.',
      'It has an account of its own, and nothing has changed.',
    ],
  },
  address_changed: {
    subject: 'Your address has changed',
    sentences: [
      'The account that had this address has another one now, and is signed in nowhere.',
      'If it was not you, write to us at once.',
    ],
  },
};

/** The name of a confirmed account, because a stranger chose an unconfirmed one's; the token. */
export interface About {
  name?: string;
  token?: string;
}

const linkLines = (link: string, token: string, publicUrl: string): string[] => [
  `${publicUrl}${link}${encodeURIComponent(token)}`,
  `Token: ${token}`,
  IF_NOT_YOU,
];

/** Renders a mail. The link's token is also in the text by itself, for programs and for typing. */
export const mailTemplateOf = (kind: QueuedMailKind, { name, token }: About, publicUrl: string) => {
  const { subject, sentences, link } = MAIL_TEMPLATES[kind];
  const greeting = name === undefined ? 'Hello,' : `Hello ${name},`;
  const linked = link && token ? linkLines(link, token, publicUrl) : [];
  const lines = [greeting, ...sentences, ...linked];
  const html = lines.map((line) => `<p>${Bun.escapeHTML(line)}</p>`).join('\n');
  return { subject, text: `${lines.join('\n\n')}\n`, html: `<!doctype html>${html}` };
};
