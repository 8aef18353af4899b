// The pages behind the links of mails: one form each, which works without scripts.
import { createHash } from 'node:crypto';
import { DomainError } from '../../../domain/errors.ts';
import { isForm } from '../../http/body.ts';
import type { Cookies } from '../../http/credentials/cookies.ts';
import { problemOf } from '../../http/problems.ts';
import { media, reply, route, type Reply, type Route, type RouteInput } from '../../http/routes.ts';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './auth.ts';
import { DONE, tokenQuery } from './shapes.ts';
import { NO_STORE } from './sign-in.ts';

interface Form {
  title: string;
  fields: string;
  button: string;
  /** The path that receives the token and the fields. */
  path: string;
  done: string;
}

const STYLE =
  ':root{color-scheme:light dark}' +
  'body{font:16px/1.5 system-ui,sans-serif;max-width:24em;margin:4em auto;padding:0 1em}' +
  'label{display:block;margin:1em 0}' +
  'input{box-sizing:border-box;display:block;font:inherit;width:100%}' +
  'button{font:inherit;padding:.4em 1em}';

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/**
 * The token is in the page's URL: no other origin learns it as a referrer, nothing is loaded, and
 * no cache keeps it. Without a referrer browsers would send the form with `Origin: null`.
 */
const HEADERS = {
  ...NO_STORE,
  'content-type': 'text/html; charset=utf-8',
  'referrer-policy': 'same-origin',
  'content-security-policy': [
    "default-src 'none'",
    `style-src 'sha256-${STYLE_HASH}'`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
};

const textOf = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>${title}</title>
<style>${STYLE}</style><h1>${title}</h1>
${content}
</html>
`;

/** A link of an older mail has its token in the fragment; the mail's text has it, too. */
const TOKEN_FIELD =
  '<label>Token of the mail<input name="token" autocomplete="off" required></label>';

const tokenField = (token: string | undefined): string =>
  token === undefined
    ? TOKEN_FIELD
    : `<input type="hidden" name="token" value="${Bun.escapeHTML(token)}">`;

const formOf = ({ fields, button, path }: Form, token: string | undefined): string =>
  `<form method="post" action="${path}">${tokenField(token)}${fields}
<button>${button}</button></form>`;

/** A paragraph that a screen reader reads at once. */
const said = (text: string): string => `<p role="status">${Bun.escapeHTML(text)}</p>`;

export interface Page {
  /** The page of a link, which changes nothing: mailboxes follow links before their owners do. */
  shown(token: string | undefined): Response;
  /**
   * Runs `work` for a POST, which may return cookies to set: a form gets a page with the outcome,
   * JSON gets JSON. PERMISSION_DENIED for a form that another site's page sends.
   */
  answered(
    input: RouteInput<{ token: string }>,
    work: () => Promise<string[] | void>,
  ): Promise<Response | Reply<typeof DONE>>;
}

const FOREIGN_FORM = 'this form was sent by a page of another site';

const pageOf =
  (form: Form) =>
  (cookies: Pick<Cookies, 'isForeign'>): Page => ({
    shown: (token) => new Response(textOf(form.title, formOf(form, token)), { headers: HEADERS }),
    answered: async ({ request, requestId, body: { token } }, work) => {
      if (!isForm(request)) {
        return { ...reply(DONE, 200, NO_STORE), cookies: (await work()) ?? [] };
      }
      const response = new Response(textOf(form.title, said(form.done)), { headers: HEADERS });
      try {
        if (cookies.isForeign(request)) throw new DomainError('PERMISSION_DENIED', FOREIGN_FORM);
        for (const cookie of (await work()) ?? []) response.headers.append('set-cookie', cookie);
        return response;
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        const { status, headers } = problemOf(error, requestId);
        const content = `${said(`Not done: ${error.message}.`)}\n${formOf(form, token)}`;
        for (const [name, value] of Object.entries(HEADERS)) headers.set(name, value);
        return new Response(textOf(form.title, content), { status, headers });
      }
    },
  });

/** Asks for the password of the account, which only its maker knows. */
const OWN_PASSWORD = `<label>Password of your account (not needed where you are signed in)
<input type="password" name="password" autocomplete="current-password"
maxlength="${PASSWORD_LENGTH_MAX}"></label>`;

export const confirmPage = pageOf({
  title: 'Is this your address?',
  fields: OWN_PASSWORD,
  button: 'Yes, this is my address',
  path: '/auth/verify-email',
  done: 'Your address is confirmed.',
});

export const resetPage = pageOf({
  title: 'A new password',
  fields: `<label>New password
<input type="password" name="newPassword" autocomplete="new-password"
minlength="${PASSWORD_LENGTH_MIN}" maxlength="${PASSWORD_LENGTH_MAX}" required></label>`,
  button: 'Change it',
  path: '/auth/reset-password',
  done: 'Your password is changed. You can sign in.',
});

export const changePage = pageOf({
  title: 'Your new address',
  fields: OWN_PASSWORD,
  button: 'Yes, this is my address',
  path: '/auth/confirm-email-change',
  done: 'Your address is changed. Sign in with it from now on.',
});

/** The link of a mail: a page and not the change itself, which the page's form posts. */
export const pageRoute = (path: string, summary: string, page: Page): Route =>
  route({
    method: 'get',
    path,
    summary,
    needs: 'public',
    query: tokenQuery,
    response: media('text/html'),
    statuses: { 200: 'a page' },
    handler: async ({ query }) => page.shown(query.token),
  });
