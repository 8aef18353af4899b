// Sends mails over SMTP, each with a message id by which a receiver recognises a copy.
import { createTransport } from 'nodemailer';
import { withDeadline } from '../../concurrency/deadline.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const TIMEOUT_MS = 10_000;

export interface Mail {
  to: string;
  subject: string;
  text: string;
  html: string;
  /** The same id means the same mail: receivers drop the second one. */
  messageId: string;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
}

export interface MailerOptions {
  /** `smtp://`, which begins with STARTTLS where the server offers it, or `smtps://`. */
  url: string;
  from: string;
  /** Sends nothing to a server without TLS (RFC 8314). */
  requiresTls: boolean;
  telemetry: Telemetry;
}

const transportUrl = ({ url, requiresTls }: MailerOptions): string => {
  const own = new URL(url);
  if (requiresTls) own.searchParams.set('requireTLS', 'true');
  return own.href;
};

/**
 * Control characters except line ends and tabs, and the marks that change a text's direction
 * (Unicode UAX 9): with them a name could show its reader another text or link than it is.
 */
const UNREADABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** The text without characters that hide what it says. */
export const readable = (text: string): string =>
  text.replaceAll(UNREADABLE, (one) => ('\n\t'.includes(one) ? one : ''));

export const smtpMailer = (options: MailerOptions): Mailer => {
  const { from, telemetry } = options;
  const transport = createTransport(transportUrl(options), { from });
  const { hostname } = new URL(`mailto://${from}`);
  return {
    send: ({ to, messageId, ...mail }) =>
      telemetry.timed('smtp', 'send', async () => {
        const content = {
          subject: readable(mail.subject).replaceAll(/\s+/g, ' '),
          text: readable(mail.text),
          html: readable(mail.html),
        };
        const id = `<${messageId}@${hostname}>`;
        const sending = () => transport.sendMail({ to, ...content, messageId: id });
        await withDeadline(sending, TIMEOUT_MS, () => new Error('the mail server is slow'));
      }),
  };
};
