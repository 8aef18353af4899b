// The page behind the link of a mail: a new password, for whoever has no other place to say it.
import { createHash } from 'node:crypto';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './auth.ts';

/** The token stays in the address, which goes nowhere: no referrer, nothing else is loaded. */
const SCRIPT = `document.querySelector('form').addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = new URLSearchParams(location.search).get('token') ?? '';
  const newPassword = new FormData(event.target).get('password');
  const answer = await fetch('/auth/reset-password', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, newPassword }),
  });
  const said = answer.ok ? 'It is changed. You can sign in.' : (await answer.json()).detail;
  document.querySelector('output').textContent = said;
});`;

const STYLE = 'body{font:16px/1.5 system-ui,sans-serif;max-width:24em;margin:4em auto}';

const hashOf = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>A new password</title>
<style>${STYLE}</style><h1>A new password</h1>
<form><label>New password <input type="password" name="password" autocomplete="new-password"
minlength="${PASSWORD_LENGTH_MIN}" maxlength="${PASSWORD_LENGTH_MAX}" required></label>
<button>Change it</button></form><p><output></output></p><script>${SCRIPT}</script></html>
`;

/** The same for every token: whether it is good is found out when it is used. */
export const resetPage = (): Response =>
  new Response(PAGE, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    },
  });
