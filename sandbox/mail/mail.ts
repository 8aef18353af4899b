// The mail sandbox: receives mail over SMTP, stores it, and serves it as JSON and as a page.
import { Database } from 'bun:sqlite';
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { domainToASCII } from 'node:url';
import { simpleParser, type HeaderLines, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerSession } from 'smtp-server';
import { addColumn } from '../columns.ts';
import { inboxPage, type Message } from './page.ts';

const MESSAGES_KEPT = 10_000;
const MESSAGE_BYTES_MAX = 1024 * 1024;
/** Content policy of a mail's page: styles are allowed, scripts are not. */
const PAGE_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'";

type Row = Omit<Message, 'headers'> & { headers: string | null };

const openInbox = (folder: string) => {
  mkdirSync(folder, { recursive: true });
  const db = new Database(resolve(folder, 'mail.sqlite'), { create: true });
  db.run('pragma journal_mode = wal');
  db.run(`create table if not exists messages (id integer primary key autoincrement, "to" text,
    subject text, text text, html text, messageId text, at text)`);
  addColumn(db, 'messages', 'headers');
  return db;
};

/** The envelope's address as it was sent: smtp-server decodes its domain. */
const sentTo = ({ address }: { address: string }): string => {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + domainToASCII(address.slice(at + 1));
};

/** The recipients of the envelope, to which the mail goes; its head may show others. */
const recipientsOf = ({ envelope }: SMTPServerSession): string =>
  envelope.rcptTo.map(sentTo).join(', ');

const headersOf = (lines: HeaderLines): Record<string, string> =>
  Object.fromEntries(
    lines.map(({ key, line }) => [
      key,
      line
        .slice(key.length + 1)
        .replace(/\r?\n\s+/g, ' ')
        .trim(),
    ]),
  );

const messageOf = (row: Row): Message => ({
  ...row,
  headers: JSON.parse(row.headers ?? '{}') as Record<string, string>,
});

/** Resolves when the port is bound; a port in use is an error. */
const listening = (smtp: SMTPServer, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    smtp.once('error', reject);
    smtp.listen(port, host, () => {
      smtp.off('error', reject);
      // A client that disconnects during a mail is not an error of the sandbox.
      smtp.on('error', () => undefined);
      resolve();
    });
  });

const openShelf = (folder: string) => {
  const db = openInbox(folder);
  const insert = db.query(
    `insert into messages ("to", subject, text, html, messageId, headers, at)
     values (?, ?, ?, ?, ?, ?, ?)`,
  );
  const trim = db.query('delete from messages where id <= (select max(id) from messages) - ?');
  const list = db.query<Row, [string]>(
    `select * from messages where instr(lower("to"), lower(?)) > 0 order by id desc limit 1000`,
  );
  const byId = db.query<Row, [number]>('select * from messages where id = ?');
  return {
    keep: (mail: ParsedMail, to: string): void => {
      const { subject = '', text = '', html, messageId = '' } = mail;
      const at = new Date().toISOString();
      const headers = JSON.stringify(headersOf(mail.headerLines));
      insert.run(to, subject, text.trim(), html || '', messageId, headers, at);
      trim.run(MESSAGES_KEPT);
    },
    listTo: (to: string): Message[] => list.all(to).map(messageOf),
    byId: (id: number) => byId.get(id),
    empty: () => void db.run('delete from messages'),
    close: () => db.close(),
  };
};
type Shelf = ReturnType<typeof openShelf>;

const createSmtp = (shelf: Shelf): SMTPServer =>
  new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    size: MESSAGE_BYTES_MAX,
    onData: (stream, session, done) => {
      simpleParser(stream).then(
        (mail) => {
          if (stream.sizeExceeded) {
            done(Object.assign(new Error('the message is too large'), { responseCode: 552 }));
            return;
          }
          shelf.keep(mail, recipientsOf(session));
          done();
        },
        (error: Error) => done(error),
      );
    },
  });

const page = (body: string): Response =>
  new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': PAGE_POLICY,
    },
  });

const answer = (shelf: Shelf, request: Request): Response => {
  const { pathname, searchParams } = new URL(request.url);
  const to = searchParams.get('to') ?? '';
  if (request.method === 'DELETE' && pathname === '/messages') {
    shelf.empty();
    return new Response(null, { status: 204 });
  }
  if (pathname === '/messages') return Response.json({ messages: shelf.listTo(to) });
  if (pathname === '/') return page(inboxPage(shelf.listTo(to)));
  const id = /^\/messages\/(\d+)\.html$/.exec(pathname)?.[1];
  const message = id ? shelf.byId(Number(id)) : undefined;
  if (!message) return new Response('not found', { status: 404 });
  return page(message.html || `<pre>${Bun.escapeHTML(message.text)}</pre>`);
};

export const createMailSandbox = async (stateFolder: string, host: string, smtpPort: number) => {
  const shelf = openShelf(stateFolder);
  const smtp = createSmtp(shelf);
  await listening(smtp, smtpPort, host).catch((error: unknown) => {
    shelf.close();
    throw error;
  });
  return {
    fetch: async (request: Request): Promise<Response> => answer(shelf, request),
    close: async () => {
      await new Promise<void>((closed) => smtp.close(() => closed()));
      shelf.close();
    },
  };
};
