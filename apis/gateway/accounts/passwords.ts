// Routes that request mails, replace a lost password, and change a password.
import { findPassword } from '../../../db/postgres/identity/accounts.ts';
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import { jsonOr, reply, route, type Reply, type Route } from '../../http/routes.ts';
import { assertUncommon } from './common-passwords.ts';
import { pageRoute, resetPage } from './pages.ts';
import {
  changeBody,
  DONE,
  doneResponse,
  emailBody,
  MAIL_SENT,
  mailSentResponse,
  resetBody,
} from './shapes.ts';
import { accountOf, NO_STORE, passwordCaller, type AccountDeps } from './sign-in.ts';

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

const resetRoutes = ({ pg, auth, cookies, devices }: AccountDeps): Route[] => {
  const page = resetPage(cookies);
  const path = '/auth/reset-password';
  return [
    pageRoute(path, 'A page that asks for the new password.', page),
    route({
      method: 'post',
      path,
      summary: 'Choose a new password with the mailed token; every session ends.',
      needs: 'public',
      body: resetBody,
      takesForm: true,
      response: jsonOr(doneResponse, 'text/html'),
      statuses: { 200: 'the password is changed', 400: 'TOKEN_INVALID' },
      handler: async (input): Promise<Response | Reply<{ status: true }>> =>
        page.answered(input, async () => {
          assertUncommon('newPassword', input.body.newPassword);
          const email = await auth.resetPassword(input.body);
          // The owner of the mailbox is not kept waiting by a stranger's guesses.
          return devices.remember(input.request, await findPassword(pg, email));
        }),
    }),
  ];
};

const passwordRoutes = ({ pg, auth, attempts, devices }: AccountDeps): Route[] => [
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
      assertUncommon('newPassword', input.body.newPassword);
      const change = () => auth.changePassword(account, input.body);
      await attempts.signIn(passwordCaller(input), change);
      const owner = await findPassword(pg, account.email);
      const known = devices.remember(input.request, owner);
      return { ...reply(DONE, 200, NO_STORE), cookies: known };
    },
  }),
];

export const mailedRoutes = (deps: AccountDeps): Route[] => [
  ...mailRoutes(deps),
  ...resetRoutes(deps),
  ...passwordRoutes(deps),
];
