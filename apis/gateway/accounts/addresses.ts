// Confirms and changes addresses of accounts: by a mailed token, and by what only the owner knows.
import { changeAddress, confirmAddress } from '../../../db/postgres/identity/addresses.ts';
import { findAccount } from '../../../db/postgres/identity/accounts.ts';
import { queueMail } from '../../../db/postgres/identity/mail-queue.ts';
import {
  invalidToken,
  mailedBy,
  type Mailed,
  type MailedPurpose,
} from '../../../db/postgres/identity/mailed-tokens.ts';
import { listUnconfirmed } from '../../../db/postgres/identity/sign-ups.ts';
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
import { accountOf, callerBy, NO_STORE, passwordCaller, type AccountDeps } from './sign-in.ts';

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

const withPassword = async <T>(
  deps: AccountDeps,
  input: RouteInput<Confirmation>,
  email: string,
  check: (password: string) => Promise<T>,
): Promise<T> => {
  const { password } = input.body;
  if (password === undefined) {
    throw new DomainError('INVALID_CREDENTIALS', 'give the password of the account, or sign in');
  }
  const { caller } = await callerBy(deps, input, email);
  return deps.attempts.signIn(caller, () => check(password));
};

/**
 * The token shows who has the mailbox; the password or session shows whose sign-up it is. A
 * stranger signs up with another's address and hopes that its owner confirms.
 */
const signUpOf = async (
  deps: AccountDeps,
  input: RouteInput<Confirmation>,
  email: string,
): Promise<string> => {
  const { principal } = input;
  const signUps = await listUnconfirmed(deps.pg, email);
  if (signUps.length === 0) throw invalidToken();
  const signedIn = principal.kind === 'account' ? principal.accountId : undefined;
  const own = signUps.find(({ accountId }) => accountId === signedIn);
  if (own) return own.accountId;
  return withPassword(deps, input, email, (password) => deps.auth.ownSignUp(signUps, password));
};

const assertOwner = async (
  deps: AccountDeps,
  input: RouteInput<Confirmation>,
  accountId: string,
): Promise<void> => {
  const { pg, auth } = deps;
  const { principal } = input;
  if (principal.kind === 'account' && principal.accountId === accountId) return;
  const account = await findAccount(pg, accountId);
  if (!account) throw invalidToken();
  const check = (password: string) => auth.assertPassword(accountId, password);
  await withPassword(deps, input, account.email, check);
};

interface Confirming {
  path: string;
  purpose: MailedPurpose;
  page: Page;
  /** Summaries of the page and of its form. */
  asks: string;
  does: string;
  /** Uses the token with this hash, if the caller is also the maker of what it changes. */
  use(input: RouteInput<Confirmation>, hash: string, mailed: Mailed): Promise<void>;
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
        await use(input, hash, await mailedBy(deps.pg, purpose, hash));
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
    use: async (input, hash, { email }) =>
      confirmAddress(deps.pg, hash, await signUpOf(deps, input, email)),
  }),
  ...confirmingRoutes(deps, {
    path: '/auth/confirm-email-change',
    purpose: 'change-email',
    page: changePage(deps.cookies),
    asks: 'A page that asks to confirm the new address.',
    does: 'Change the address with the token mailed to it; every session ends.',
    use: async (input, hash, { subject }) => {
      await assertOwner(deps, input, subject);
      await changeAddress(deps.pg, hash);
    },
  }),
];
