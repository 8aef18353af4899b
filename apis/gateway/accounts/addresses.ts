// Changes an account's e-mail address: requested with the password, confirmed by a mailed token.
import { randomBytes } from 'node:crypto';
import type { Pg } from '../../../db/postgres/client.ts';
import { changeAddress, noteAddressChange } from '../../../db/postgres/identity/address-changes.ts';
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import { invalid } from '../../../domain/errors.ts';
import { keyHash } from '../../http/credentials/keys.ts';
import { media, reply, route, type Route } from '../../http/routes.ts';
import { addressPage } from './pages.ts';
import {
  addressChangeBody,
  DONE,
  doneResponse,
  MAIL_SENT,
  mailSentResponse,
  tokenShape,
} from './shapes.ts';
import { accountOf, NO_STORE, type AccountDeps } from './sign-in.ts';

const SECRET_BYTES = 32;

/** A token that gives the account this address, once, within an hour. */
export const addressToken = async (
  pg: Pg,
  change: { accountId: string; newEmail: string },
): Promise<string> => {
  const token = randomBytes(SECRET_BYTES).toString('base64url');
  await noteAddressChange(pg, { ...change, hash: keyHash(token) });
  return token;
};

/** The mail's sender checks after the response whether another account has the address. */
const requestRoute = ({ pg, auth, attempts }: AccountDeps): Route =>
  route({
    method: 'post',
    path: '/auth/change-email',
    summary:
      'Request another address with the password; a mail to it has the link that confirms it.',
    needs: 'own-account',
    kind: 'sign-in',
    body: addressChangeBody,
    response: mailSentResponse,
    statuses: {
      202: 'a mail is on its way',
      401: 'UNAUTHENTICATED or INVALID_CREDENTIALS',
      429: 'RATE_LIMITED, by the caller or by the account',
    },
    handler: async (input) => {
      const { accountId, email } = accountOf(input);
      const { newEmail, password } = input.body;
      if (newEmail === email) throw invalid('newEmail', 'is the address that the account has');
      await attempts.signIn(email, () => auth.assertPassword(accountId, password));
      await queueMail(pg, { kind: 'change_email', email, newEmail });
      return reply(MAIL_SENT, 202, NO_STORE);
    },
  });

const CONFIRM_PATH = '/auth/confirm-email-change';

/** A page and not the change itself: mailboxes follow links before their owners do. */
const confirmRoutes = ({ pg }: AccountDeps): Route[] => [
  route({
    method: 'get',
    path: CONFIRM_PATH,
    summary: 'A page that asks to confirm the new address.',
    needs: 'public',
    response: media('text/html'),
    statuses: { 200: 'a page' },
    handler: async () => addressPage(),
  }),
  route({
    method: 'post',
    path: CONFIRM_PATH,
    summary: 'Change the address with the token mailed to it; every session ends.',
    needs: 'public',
    body: tokenShape,
    response: doneResponse,
    statuses: { 200: 'the address is changed', 400: 'TOKEN_INVALID' },
    handler: async ({ body }) => {
      await changeAddress(pg, keyHash(body.token));
      return reply(DONE, 200, NO_STORE);
    },
  }),
];

export const addressRoutes = (deps: AccountDeps): Route[] => [
  requestRoute(deps),
  ...confirmRoutes(deps),
];
