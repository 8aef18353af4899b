// Confirms and changes addresses of accounts: by a mailed token, and by what only the owner knows.
import { changeAddress, confirmAddress } from '../../../db/postgres/identity/addresses.ts';
import { findAccount, findPassword } from '../../../db/postgres/identity/accounts.ts';
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import {
  invalidToken,
  mailedBy,
  type MailedPurpose,
} from '../../../db/postgres/identity/mailed-tokens.ts';
import { DomainError, invalid } from '../../../domain/errors.ts';
import { keyHash } from '../../http/credentials/keys.ts';
import {
  jsonOr,
  reply,
  route,
  type Reply,
  type Route,
  type RouteInput,
} from '../../http/routes.ts';
import { changePage, confirmPage, pageRoute, type Page } from './pages.ts';
import {
  addressChangeBody,
  confirmBody,
  doneResponse,
  MAIL_SENT,
  mailSentResponse,
  type Confirmation,
} from './shapes.ts';
import { accountOf, NO_STORE, passwordCaller, type AccountDeps } from './sign-in.ts';

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
      const asserted = () => auth.assertPassword(accountId, password);
      await attempts.signIn(passwordCaller(input), asserted);
      await queueMail(pg, { kind: 'change_email', email, newEmail });
      return reply(MAIL_SENT, 202, NO_STORE);
    },
  });

/**
 * The token shows who has the mailbox; the account's password or session shows who made the
 * account. A stranger signs up with another's address and hopes that its owner confirms.
 */
const assertMaker = async (
  { pg, auth, attempts, devices }: AccountDeps,
  { principal, body: { password }, request, address }: RouteInput<Confirmation>,
  accountId: string,
): Promise<void> => {
  if (principal.kind === 'account' && principal.accountId === accountId) return;
  const account = await findAccount(pg, accountId);
  if (!account) throw invalidToken();
  if (password === undefined) {
    throw new DomainError('INVALID_CREDENTIALS', 'give the password of the account, or sign in');
  }
  const { email } = account;
  const owner = await findPassword(pg, email);
  const caller = { email, address, device: devices.known(request, owner) };
  await attempts.signIn(caller, () => auth.assertPassword(accountId, password));
};

interface Confirming {
  path: string;
  purpose: MailedPurpose;
  page: Page;
  /** Summaries of the page and of its form. */
  asks: string;
  does: string;
  /** Uses the token with this hash. */
  use(hash: string): Promise<void>;
}

const confirmingRoutes = (
  deps: AccountDeps,
  { path, purpose, page, asks, does, use }: Confirming,
): Route[] => [
  pageRoute(path, asks, page),
  route({
    method: 'post',
    path,
    summary: does,
    needs: 'shop',
    kind: 'sign-in',
    body: confirmBody,
    takesForm: true,
    response: jsonOr(doneResponse, 'text/html'),
    statuses: { 200: 'it is done', 400: 'TOKEN_INVALID', 401: 'INVALID_CREDENTIALS' },
    handler: async (input): Promise<Response | Reply<{ status: true }>> => {
      const hash = keyHash(input.body.token);
      return page.answered(input, async () => {
        const { accountId } = await mailedBy(deps.pg, purpose, hash);
        await assertMaker(deps, input, accountId);
        await use(hash);
      });
    },
  }),
];

export const addressRoutes = (deps: AccountDeps): Route[] => [
  requestRoute(deps),
  ...confirmingRoutes(deps, {
    path: '/auth/verify-email',
    purpose: 'verify-email',
    page: confirmPage(deps.cookies),
    asks: 'A page that asks to confirm the address.',
    does: "Confirm an address with the token mailed to it and the account's password or session.",
    use: (hash) => confirmAddress(deps.pg, hash),
  }),
  ...confirmingRoutes(deps, {
    path: '/auth/confirm-email-change',
    purpose: 'change-email',
    page: changePage(deps.cookies),
    asks: 'A page that asks to confirm the new address.',
    does: 'Change the address with the token mailed to it; every session ends.',
    use: (hash) => changeAddress(deps.pg, hash),
  }),
];
