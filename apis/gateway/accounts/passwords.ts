// What goes by mail: confirming an address, and a new password for a lost one.
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import { json, route, type Route } from '../../http/routes.ts';
import { resetPage } from './pages.ts';
import {
  changeBody,
  doneResponse,
  emailBody,
  mailSentResponse,
  resetBody,
  tokenShape,
} from './shapes.ts';
import { accountOf, NO_STORE, type AccountDeps } from './sign-in.ts';

/** The wish is all that is written: who has an account is found out after the answer. */
const mailRoutes = ({ pg }: AccountDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/send-verification-email',
    summary: 'Send the mail that confirms an address once more.',
    needs: 'public',
    body: emailBody,
    shows: mailSentResponse,
    answers: { 202: 'a mail is on its way, if there is such an account' },
    answer: async ({ body }) => {
      await queueMail(pg, { kind: 'verify_email', email: body.email });
      return json({ status: 'mail_sent' }, 202, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/request-password-reset',
    summary: 'Send a mail with which a new password can be chosen.',
    needs: 'public',
    body: emailBody,
    shows: mailSentResponse,
    answers: { 202: 'a mail is on its way, if there is such an account' },
    answer: async ({ body }) => {
      await queueMail(pg, { kind: 'reset_password', email: body.email });
      return json({ status: 'mail_sent' }, 202, NO_STORE);
    },
  }),
];

const verifyRoutes = ({ auth }: AccountDeps): Route[] => {
  const verified = async (token: string): Promise<Response> => {
    await auth.verifyEmail(token);
    return json({ status: true }, 200, { ...NO_STORE, 'referrer-policy': 'no-referrer' });
  };
  const summary = 'Confirm an address by the token that was mailed to it.';
  const answers = { 200: 'it is confirmed', 400: 'TOKEN_INVALID' };
  const needs = 'public';
  const path = '/auth/verify-email';
  return [
    route({
      ...{ method: 'get', path, summary, needs, answers, query: tokenShape, shows: doneResponse },
      answer: ({ query }) => verified(query.token),
    }),
    route({
      ...{ method: 'post', path, summary, needs, answers, body: tokenShape, shows: doneResponse },
      answer: ({ body }) => verified(body.token),
    }),
  ];
};

const resetPageRoute: Route = route({
  method: 'get',
  path: '/auth/reset-password',
  summary: 'A page that asks for the new password.',
  needs: 'public',
  answers: { 200: 'a page' },
  answer: async () => resetPage(),
});

const passwordRoutes = ({ auth, attempts }: AccountDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/reset-password',
    summary: 'Choose a new password by the token that was mailed; every session ends.',
    needs: 'public',
    body: resetBody,
    shows: doneResponse,
    answers: { 200: 'it is changed', 400: 'TOKEN_INVALID' },
    answer: async ({ body }) => {
      await auth.resetPassword(body);
      return json({ status: true }, 200, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/change-password',
    summary: 'Change the password; every other session ends.',
    needs: 'own-account',
    body: changeBody,
    shows: doneResponse,
    answers: { 200: 'it is changed', 401: 'INVALID_CREDENTIALS' },
    answer: async (input) => {
      const account = accountOf(input);
      await attempts.signIn(account.email, () => auth.changePassword(account, input.body));
      return json({ status: true }, 200, NO_STORE);
    },
  }),
];

export const mailedRoutes = (deps: AccountDeps): Route[] => [
  ...mailRoutes(deps),
  ...verifyRoutes(deps),
  resetPageRoute,
  ...passwordRoutes(deps),
];
