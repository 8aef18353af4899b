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

export const smtpMailer = (url: string, from: string, telemetry: Telemetry): Mailer => {
  const transport = createTransport(url, {
    from,
  });
  const { hostname } = new URL(`mailto://${from}`);
  return {
    send: ({ messageId, ...mail }) =>
      telemetry.timed('smtp', 'send', async () => {
        const id = `<${messageId}@${hostname}>`;
        const sending = () => transport.sendMail({ ...mail, messageId: id });
        await withDeadline(sending, TIMEOUT_MS, () => new Error('the mail server is slow'));
      }),
  };
};
