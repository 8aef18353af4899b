// Tests that the mail sandbox receives mail over SMTP, shows it and keeps it.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { createMailSandbox } from './mail.ts';
import type { Message } from './page.ts';

const freePort = async (): Promise<number> => {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const port = server.port ?? 0;
  await server.stop(true);
  return port;
};

describe('the mail sandbox', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-mail-'));
  let sandbox: Awaited<ReturnType<typeof createMailSandbox>>;
  let smtpPort: number;

  beforeAll(async () => {
    smtpPort = await freePort();
    sandbox = await createMailSandbox(folder, '127.0.0.1', smtpPort);
  });
  afterAll(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const send = (to: string, more: object = {}) => {
    const transport = createTransport({ host: '127.0.0.1', port: smtpPort });
    const mail = { from: 'shop@holdfast.example', to, subject: 'Shipped', text: 'On its way.' };
    return transport.sendMail({ ...mail, ...more }).finally(() => transport.close());
  };
  const input = (path: string, method = 'GET'): Promise<Response> =>
    sandbox.fetch(new Request(`http://mail.example${path}`, { method }));
  const inboxOf = async (to: string): Promise<Message[]> =>
    (
      (await (await input(`/messages?to=${encodeURIComponent(to)}`)).json()) as {
        messages: Message[];
      }
    ).messages;

  test('stores a mail with its headers and finds it by recipient', async () => {
    await send('ada@example.com', { headers: { 'x-order': 'ord_1' }, html: '<b>On its way.</b>' });
    const [mail, ...others] = await inboxOf('ada@example.com');
    expect(others).toEqual([]);
    expect(mail).toMatchObject({
      to: 'ada@example.com',
      subject: 'Shipped',
      text: 'On its way.',
      html: '<b>On its way.</b>',
      headers: { 'x-order': 'ord_1' },
    });
    expect(await inboxOf('bob@example.com')).toEqual([]);
  });

  test('shows the address that a mail goes to', async () => {
    await send('kunde@xn--bcher-kva.example');
    const [mail] = await inboxOf('kunde@xn--bcher-kva.example');
    expect(mail?.to).toBe('kunde@xn--bcher-kva.example');
  });

  test('matches underscores and percent signs literally', async () => {
    await send('cat_1@example.com');
    expect(await inboxOf('catx1@example.com')).toEqual([]);
    expect(await inboxOf('cat%1@example.com')).toEqual([]);
    expect(await inboxOf('CAT_1@example.com')).toHaveLength(1);
  });

  test('renders the inbox and a mail without running scripts', async () => {
    await send('eve@example.com', {
      subject: '<script>alert(1)</script>',
      html: '<script>1</script>',
    });
    expect(await (await input('/')).text()).not.toContain('<script>');
    const [mail] = await inboxOf('eve@example.com');
    const page = await input(`/messages/${mail?.id}.html`);
    expect(page.headers.get('content-security-policy')).toContain('sandbox');
    expect((await input('/messages/999999.html')).status).toBe(404);
  });

  test('refuses a mail that is too large and keeps serving', async () => {
    const large = send('big@example.com', { text: 'x'.repeat(1_100_000) });
    expect(await large.then(() => 'taken').catch(() => 'refused')).toBe('refused');
    expect(await inboxOf('big@example.com')).toEqual([]);
    await send('small@example.com');
    expect(await inboxOf('small@example.com')).toHaveLength(1);
  });

  test('fails when its port is in use', async () => {
    const second = createMailSandbox(folder, '127.0.0.1', smtpPort);
    expect(await second.then(() => 'started').catch((error: Error) => error.message)).toContain(
      'EADDRINUSE',
    );
  });

  test('keeps its mail over a restart until it is emptied', async () => {
    await send('kept@example.com');
    await sandbox.close();
    sandbox = await createMailSandbox(folder, '127.0.0.1', smtpPort);
    expect(await inboxOf('kept@example.com')).toHaveLength(1);
    await input('/messages', 'DELETE');
    expect(await inboxOf('')).toEqual([]);
  });
});
