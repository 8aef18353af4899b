// Renders the inbox as an HTML page, newest mail first.

/** A mail that was caught. */
export interface Message {
  id: number;
  to: string;
  subject: string;
  text: string;
  html: string;
  messageId: string;
  headers: Record<string, string>;
  at: string;
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; color: #1c2330 }
  h1 { font-size: 1.3rem; margin: 0 0 1rem }
  table { border-collapse: collapse; width: 100% }
  th { text-align: left; font-weight: 600; color: #667085; font-size: .85rem }
  td, th { padding: .55rem .75rem; border-bottom: 1px solid #e4e7ec; vertical-align: top }
  td.at { color: #667085; white-space: nowrap }
  a { color: #175cd3; text-decoration: none } a:hover { text-decoration: underline }
  p { color: #667085 }`;

const row = ({ id, to, subject, at }: Message): string => `<tr>
  <td class="at">${at.slice(0, 19).replace('T', ' ')}</td>
  <td>${Bun.escapeHTML(to)}</td>
  <td><a href="/messages/${id}.html">${Bun.escapeHTML(subject)}</a></td></tr>`;

export const inboxPage = (messages: Message[]): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Inbox</title><style>${STYLE}</style></head>
<body><h1>Inbox <small>(${messages.length})</small></h1>
${
  messages.length === 0
    ? '<p>No mail yet.</p>'
    : `<table><thead><tr><th>At (UTC)</th><th>To</th><th>Subject</th></tr></thead>
<tbody>${messages.map(row).join('\n')}</tbody></table>`
}
</body></html>`;
