// Signs accounts up, in and out; no response reveals whether an address has an account.
import type { Pg } from '../../../db/postgres/client.ts';
import {
  endSession,
  endSurplusSessions,
  findAccount,
  findPassword,
} from '../../../db/postgres/identity/accounts.ts';
import { DomainError } from '../../../domain/errors.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import type { Cookies } from '../../http/credentials/cookies.ts';
import { sealSession, SESSION_COOKIE } from '../../http/credentials/session-tokens.ts';
import type { Account } from '../../http/principals.ts';
import { reply, route, type RouteInput, type Route } from '../../http/routes.ts';
import type { CartDeps } from '../carts/calls.ts';
import { mergeCart } from '../carts/merge.ts';
import { emptyBody } from '../shapes.ts';
import type { PasswordCaller } from '../limits/attempts.ts';
import { SESSION_SECONDS, type Auth } from './auth.ts';
import { assertUncommon } from './common-passwords.ts';
import type { Devices } from './devices.ts';
import {
  deleteBody,
  DONE,
  doneResponse,
  MAIL_SENT,
  mailSentResponse,
  toAccountResponse,
  signedInResponse,
  signedOutResponse,
  signInBody,
  signUpBody,
  USER_AGENT_LENGTH_MAX,
} from './shapes.ts';

export const NO_STORE = { 'cache-control': 'no-store' };

export interface AccountDeps extends CartDeps {
  pg: Pg;
  auth: Auth;
  sessionSecret: string;
  cookies: Cookies;
  devices: Devices;
}

/** The calling account; the route requires one. */
export const accountOf = ({ principal }: Pick<RouteInput, 'principal'>): Account => {
  if (principal.kind === 'account') return principal;
  throw new Error('a route for accounts was reached without an account');
};

/** The signed-in caller of a route that asks for the password again: its session is known. */
export const passwordCaller = (
  input: Pick<RouteInput, 'principal' | 'address'>,
): PasswordCaller => {
  const { email, sessionId } = accountOf(input);
  return { email, address: input.address, device: sessionId };
};

/** The caller of a route that takes an address and its password, and the address' owner. */
export const callerBy = async (
  { pg, devices }: AccountDeps,
  { request, address }: Pick<RouteInput, 'request' | 'address'>,
  email: string,
) => {
  const owner = await findPassword(pg, email);
  const caller: PasswordCaller = { email, address, device: devices.known(request, owner) };
  return { owner, caller };
};

const signUpRoute = ({ auth }: AccountDeps): Route =>
  route({
    method: 'post',
    path: '/auth/sign-up/email',
    summary: 'Make an account; a mail confirms it, or informs the owner of an existing one.',
    needs: 'public',
    body: signUpBody,
    response: mailSentResponse,
    statuses: { 202: 'a mail is on its way' },
    handler: async ({ body }) => {
      assertUncommon('password', body.password);
      await auth.signUp(body);
      return reply(MAIL_SENT, 202, NO_STORE);
    },
  });

/** A failed merge does not prevent a sign-in: `POST /cart/merge` can merge the cart later. */
const isMerged = (deps: AccountDeps, accountId: string, cartId: string): Promise<boolean> =>
  mergeCart(deps, { storeId: DEFAULT_STORE, accountId }, cartId).then(
    () => true,
    (error: unknown) => {
      deps.telemetry.log.warn('cart not merged', { reason: String(error) });
      return false;
    },
  );

const signInRoute = (deps: AccountDeps): Route => {
  const { pg, auth, sessionSecret, cookies, devices } = deps;
  return route({
    method: 'post',
    path: '/auth/sign-in/email',
    summary: 'Sign in: the session comes as a cookie and as a bearer token.',
    needs: 'public',
    body: signInBody,
    response: signedInResponse,
    statuses: {
      200: 'the token and its account',
      401: 'INVALID_CREDENTIALS',
      429: 'RATE_LIMITED, by the address of the caller or of the account',
    },
    handler: async ({ body: { cartId, ...body }, request, address }) => {
      const userAgent = request.headers.get('user-agent')?.slice(0, USER_AGENT_LENGTH_MAX) ?? '';
      const { owner, caller } = await callerBy(deps, { request, address }, body.email);
      const tried = () => auth.signIn(body, userAgent);
      const { token: bare, accountId } = await deps.attempts.signIn(caller, tried);
      await endSurplusSessions(pg, accountId);
      const account = await findAccount(pg, accountId);
      if (!account) throw new DomainError('INVALID_CREDENTIALS', 'this account is gone');
      const token = sealSession(bare, sessionSecret);
      const seconds = body.rememberMe ? SESSION_SECONDS : undefined;
      const cart = cartId ? { cartMerged: await isMerged(deps, accountId, cartId) } : {};
      const headers = { ...NO_STORE, 'set-auth-token': token };
      return {
        ...reply({ token, user: toAccountResponse(account), ...cart }, 200, headers),
        cookies: [
          cookies.write(SESSION_COOKIE, token, seconds),
          ...devices.remember(request, owner),
        ],
      };
    },
  });
};

const signOutRoute = ({ pg, cookies }: AccountDeps): Route =>
  route({
    method: 'post',
    path: '/auth/sign-out',
    summary: 'End this session.',
    needs: 'own-account',
    body: emptyBody,
    response: signedOutResponse,
    statuses: { 200: 'the session is over' },
    handler: async (input) => {
      const { accountId, sessionId } = accountOf(input);
      await endSession(pg, accountId, sessionId);
      const ended = [cookies.write(SESSION_COOKIE, '', 0)];
      return { ...reply({ success: true as const }, 200, NO_STORE), cookies: ended };
    },
  });

const deleteRoute = ({ auth, attempts, cookies }: AccountDeps): Route =>
  route({
    method: 'post',
    path: '/auth/delete-user',
    summary:
      'Delete the account for good, by its password; orders stay, and are no longer its own.',
    needs: 'own-account',
    body: deleteBody,
    response: doneResponse,
    statuses: { 200: 'the account is deleted', 401: 'INVALID_CREDENTIALS' },
    handler: async (input) => {
      const { accountId } = accountOf(input);
      const { password } = input.body;
      await attempts.signIn(passwordCaller(input), () => auth.deleteUser(accountId, password));
      return { ...reply(DONE, 200, NO_STORE), cookies: [cookies.write(SESSION_COOKIE, '', 0)] };
    },
  });

export const signInRoutes = (deps: AccountDeps): Route[] => [
  signUpRoute(deps),
  signInRoute(deps),
  signOutRoute(deps),
  deleteRoute(deps),
];
