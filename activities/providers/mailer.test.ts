// Tests mails as they are sent: only over TLS where it is required, and without hiding characters.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { SMTPServer } from 'smtp-server';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { readable, smtpMailer } from './mailer.ts';

const MAIL = {
  to: 'ada@example.com',
  subject: 'Shipped',
  text: 'On its way.',
  html: '<p>On its way.</p>',
  messageId: 'mail-1',
};

let received = 0;
/** Offers no STARTTLS, as an attacker between both would make it seem. */
const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ['STARTTLS'],
  onData: (stream, _session, done) => {
    received++;
    stream.on('end', done).resume();
  },
});
let port = 0;
beforeAll(async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  port = (server.server.address() as { port: number }).port;
});
afterAll(() => new Promise<void>((resolve) => server.close(resolve)));

const mailer = (requiresTls: boolean) =>
  smtpMailer({
    url: `smtp://127.0.0.1:${port}`,
    from: 'shop@example.com',
    requiresTls,
    telemetry: createTelemetry('test', 'error'),
  });

test('a mail is sent without TLS only where TLS is not required', async () => {
  const refused = await mailer(true)
    .send(MAIL)
    .catch((error: Error) => error.message);
  expect(refused).toMatch(/STARTTLS|TLS/);
  expect(received).toBe(0);
  await mailer(false).send(MAIL);
  expect(received).toBe(1);
});

describe('the text of a mail', () => {
  test.each([
    ['a direction override', 'user\u202Egnp.exe', 'usergnp.exe'],
    ['isolates', '\u2066evil\u2069.example', 'evil.example'],
    ['direction marks', 'a\u200Eb\u200Fc\u061Cd', 'abcd'],
    ['a NUL, an escape and a return', 'a\0b\u001B[31mc\rd', 'ab[31mcd'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'abc'],
    ['a C1 control', 'a\u0085b', 'ab'],
  ])('has no %s', (_what, text, expected) => {
    expect(readable(text)).toBe(expected);
  });

  test('keeps its lines, and names in every script', () => {
    const text = 'Hello محمد,\n\tJosé 李 👩‍👧\n';
    expect(readable(text)).toBe(text);
  });
});
