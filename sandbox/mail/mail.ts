// The mail sandbox: takes SMTP in, keeps what it got, shows it as JSON and as a page.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { inboxPage } from './page.ts';

const MESSAGES_KEPT = 10_000;
const MESSAGE_BYTES_MAX = 1024 * 1024;

export interface Message {
  id: number;
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  at: string;
}

const openInbox = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'mail.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  db.run(`create table if not exists messages (id integer primary key autoincrement, "to" text,
    subject text, text text, html text, messageId text, at text)`);
  return db;
};

const addressesOf = (to: unknown): string => {
  const list = Array.isArray(to) ? to : [to];
  return list.map((one) => (one as { text?: string } | undefined)?.text ?? '').join(', ');
};

export const createMailSandbox = async (
  stateFolder: string,
  host: string,
  smtpPort: number,
) => {
  const db = openInbox(stateFolder);
  const insert = db.query(
    'insert into messages ("to", subject, text, html, messageId, at) values (?, ?, ?, ?, ?, ?)',
  );
  const trim = db.query('delete from messages where id <= (select max(id) from messages) - ?');
  const list = db.query<Message, [string]>(
    `select * from messages where "to" like '%' || ? || '%' order by id desc limit 1000`,
  );
  const byId = db.query<Message, [number]>('select * from messages where id = ?');
  const smtp = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MESSAGE_BYTES_MAX,
    onData: (stream, _session, done) => {
      simpleParser(stream).then(
        (mail) => {
          const { subject = '', text = '', html, messageId = '' } = mail;
          const at = new Date().toISOString();
          insert.run(addressesOf(mail.to), subject, text, html || '', messageId, at);
          trim.run(MESSAGES_KEPT);
          done();
        },
        (error: Error) => done(error),
      );
    },
  });
  smtp.on('error', () => undefined);
  await new Promise<void>((listening) => smtp.listen(smtpPort, host, listening));
  const page = (body: string): Response =>
    new Response(body, { headers: { 'content-type': 'text/html; charset=utf-8' } });
  return {
    fetch: async (request: Request): Promise<Response> => {
      const { pathname, searchParams } = new URL(request.url);
      const to = searchParams.get('to') ?? '';
      if (request.method === 'DELETE' && pathname === '/messages') {
        db.run('delete from messages');
        return new Response(null, { status: 204 });
      }
      if (pathname === '/messages') return Response.json({ messages: list.all(to) });
      if (pathname === '/') return page(inboxPage(list.all(to)));
      const id = /^\/messages\/(\d+)\.html$/.exec(pathname)?.[1];
      const message = id ? byId.get(Number(id)) : undefined;
      if (!message) return new Response('not found', { status: 404 });
      return page(message.html || `<pre>${Bun.escapeHTML(message.text)}</pre>`);
    },
    close: async () => {
      await new Promise<void>((closed) => smtp.close(() => closed()));
      db.close();
    },
  };
};
