// Routes that confirm an address by mail, replace a lost password, and change a password.
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import { media, reply, route, type Route } from '../../http/routes.ts';
import { resetPage } from './pages.ts';
import {
  changeBody,
  DONE,
  doneResponse,
  emailBody,
  MAIL_SENT,
  mailSentResponse,
  resetBody,
  tokenShape,
} from './shapes.ts';
import { accountOf, NO_STORE, type AccountDeps } from './sign-in.ts';

/** Only the mail is recorded: whether an account exists is checked after the response. */
const mailRoutes = ({ pg }: AccountDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/send-verification-email',
    summary: 'Send the mail that confirms an address once more.',
    needs: 'public',
    body: emailBody,
    response: mailSentResponse,
    statuses: { 202: 'a mail is on its way, if there is such an account' },
    handler: async ({ body }) => {
      await queueMail(pg, { kind: 'verify_email', email: body.email });
      return reply(MAIL_SENT, 202, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/request-password-reset',
    summary: 'Send a mail with a link for choosing a new password.',
    needs: 'public',
    body: emailBody,
    response: mailSentResponse,
    statuses: { 202: 'a mail is on its way, if there is such an account' },
    handler: async ({ body }) => {
      await queueMail(pg, { kind: 'reset_password', email: body.email });
      return reply(MAIL_SENT, 202, NO_STORE);
    },
  }),
];

const verifyRoutes = ({ auth }: AccountDeps): Route[] => {
  const verified = async (token: string) => {
    await auth.verifyEmail(token);
    return reply(DONE, 200, NO_STORE);
  };
  const spec = {
    path: '/auth/verify-email',
    summary: 'Confirm an address with the token mailed to it.',
    needs: 'public',
    response: doneResponse,
    statuses: { 200: 'the address is confirmed', 400: 'TOKEN_INVALID' },
  } as const;
  return [
    route({
      ...spec,
      method: 'get',
      query: tokenShape,
      handler: ({ query }) => verified(query.token),
    }),
    route({
      ...spec,
      method: 'post',
      body: tokenShape,
      handler: ({ body }) => verified(body.token),
    }),
  ];
};

const resetPageRoute: Route = route({
  method: 'get',
  path: '/auth/reset-password',
  summary: 'A page that asks for the new password.',
  needs: 'public',
  response: media('text/html'),
  statuses: { 200: 'a page' },
  handler: async () => resetPage(),
});

const passwordRoutes = ({ auth, attempts }: AccountDeps): Route[] => [
  route({
    method: 'post',
    path: '/auth/reset-password',
    summary: 'Choose a new password with the mailed token; every session ends.',
    needs: 'public',
    body: resetBody,
    response: doneResponse,
    statuses: { 200: 'the password is changed', 400: 'TOKEN_INVALID' },
    handler: async ({ body }) => {
      await auth.resetPassword(body);
      return reply(DONE, 200, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/auth/change-password',
    summary: 'Change the password; every other session ends.',
    needs: 'own-account',
    body: changeBody,
    response: doneResponse,
    statuses: { 200: 'the password is changed', 401: 'INVALID_CREDENTIALS' },
    handler: async (input) => {
      const account = accountOf(input);
      await attempts.signIn(account.email, () => auth.changePassword(account, input.body));
      return reply(DONE, 200, NO_STORE);
    },
  }),
];

export const mailedRoutes = (deps: AccountDeps): Route[] => [
  ...mailRoutes(deps),
  ...verifyRoutes(deps),
  resetPageRoute,
  ...passwordRoutes(deps),
];
