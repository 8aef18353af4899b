// The pages behind the links of mails: one form each, for use without an application.
import { createHash } from 'node:crypto';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './auth.ts';

interface Form {
  title: string;
  fields: string;
  button: string;
  /** The path that receives the token and the fields, as JSON. */
  path: string;
  done: string;
}

/** The token is in the URL's fragment, which only this script reads. */
const scriptOf = ({
  path,
  done,
}: Form): string => `document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  const fields = Object.fromEntries(new FormData(event.target));
  const answer = await fetch('${path}', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, ...fields }),
  });
  const message = answer.ok ? '${done}' : (await answer.json()).detail;
  document.querySelector('output').textContent = message;
});`;

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:24em;margin:4em auto}';

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const policyOf = (script: string): string =>
  [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(STYLE)}`,
    "connect-src 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

const textOf = ({ title, fields, button }: Form, script: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>
<style>${STYLE}</style><h1>${title}</h1>
<form>${fields}<button>${button}</button></form><p><output></output></p>
<script>${script}</script></html>
`;

/** The page is the same for every token: a token is checked when it is used. */
const pageOf = (form: Form): (() => Response) => {
  const script = scriptOf(form);
  const text = textOf(form, script);
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policyOf(script),
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
  };
  return () => new Response(text, { headers });
};

export const resetPage = pageOf({
  title: 'A new password',
  fields: `<label>New password
<input type="password" name="newPassword" autocomplete="new-password"
minlength="${PASSWORD_LENGTH_MIN}" maxlength="${PASSWORD_LENGTH_MAX}" required></label>
`,
  button: 'Change it',
  path: '/auth/reset-password',
  done: 'Your password is changed. You can sign in.',
});

export const addressPage = pageOf({
  title: 'Your new address',
  fields: '',
  button: 'Yes, this is my address',
  path: '/auth/confirm-email-change',
  done: 'Your address is changed. Sign in with it from now on.',
});
