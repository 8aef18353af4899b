// Accounts by better-auth: it is called as a library, and only Holdfast's routes reach it.
import { betterAuth } from 'better-auth';
import { APIError } from 'better-auth/api';
import { hashPassword, verifyPassword } from 'better-auth/crypto';
import { createLimiter } from '../../../concurrency/limiter.ts';
import type { Db, Pg } from '../../../db/postgres/client.ts';
import {
  authTables,
  endOtherSessions,
  findAccountByEmail,
  findPassword,
  removeAccount,
} from '../../../db/postgres/identity/accounts.ts';
import { markVerified } from '../../../db/postgres/identity/addresses.ts';
import { signUpAccount, type Unconfirmed } from '../../../db/postgres/identity/sign-ups.ts';
import { DomainError, type ErrorCode } from '../../../domain/errors.ts';
import { newId, type IdKind } from '../../../domain/ids.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';

export const SESSION_SECONDS = 30 * 24 * 60 * 60;
const TOKEN_SECONDS = 60 * 60;
export const PASSWORD_LENGTH_MIN = 8;
export const PASSWORD_LENGTH_MAX = 128;
/** scrypt takes 16 MiB and a core for some 25 ms; more at once than this are refused. */
const HASHES_MAX = 64;

const IDS: Record<string, IdKind> = {
  user: 'account',
  account: 'credential',
  session: 'session',
  verification: 'verification',
};

export interface AuthOptions {
  pg: Pg;
  secret: string;
  publicUrl: string;
  telemetry: Telemetry;
}

const tooManySignIns = (): DomainError =>
  new DomainError('UNAVAILABLE', 'too many sign-ins at the moment', { retryAfterSeconds: 1 });

const authOver = (db: Db, { pg, secret, publicUrl, telemetry }: AuthOptions) => {
  const hashes = createLimiter({
    runningMax: HASHES_MAX,
    waitingMax: 0,
    onFull: tooManySignIns,
  });
  return betterAuth({
    baseURL: publicUrl,
    basePath: '/auth',
    secret,
    database: authTables(db),
    emailAndPassword: {
      enabled: true,
      // A sign-up gets the same response whether the address is new or not.
      autoSignIn: false,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
      password: {
        hash: (password) => hashes.run(() => hashPassword(password)),
        verify: (pair) => hashes.run(() => verifyPassword(pair)),
      },
      revokeSessionsOnPasswordReset: true,
      onPasswordReset: ({ user }) => markVerified(pg, user.id),
    },
    verification: { storeIdentifier: 'hashed' },
    session: { expiresIn: SESSION_SECONDS },
    // The gateway has limits of its own, and better-auth's would log addresses.
    rateLimit: { enabled: false },
    advanced: {
      ipAddress: { disableIpTracking: true },
      database: { generateId: ({ model }) => newId(IDS[model] ?? 'verification') },
    },
    telemetry: { enabled: false },
    // Its messages contain addresses, so only the fact of an error is logged.
    logger: {
      level: 'error',
      log: (_level, message, ...details: unknown[]) => {
        const [fault] = details;
        telemetry.log.error('better-auth', fault instanceof Error ? fault : message);
      },
    },
  });
};

const REFUSALS: Record<string, [ErrorCode, string]> = {
  INVALID_TOKEN: ['TOKEN_INVALID', 'this token is unknown, used or too old'],
  TOKEN_EXPIRED: ['TOKEN_INVALID', 'this token is unknown, used or too old'],
  USER_NOT_FOUND: ['TOKEN_INVALID', 'this token is unknown, used or too old'],
};

/** Turns its refusals into DomainErrors; its own faults stay faults. */
const refusalOf = (error: unknown): unknown => {
  if (!(error instanceof APIError)) return error;
  const [code, message] = REFUSALS[error.body?.code ?? ''] ?? [];
  if (code && message) return new DomainError(code, message, { cause: error });
  if (error.statusCode >= 500) return error;
  return new DomainError('INVALID_INPUT', 'this was not accepted', { cause: error });
};

type Made = ReturnType<typeof authOver>;
type Requested = <T>(name: string, work: (auth: Made) => Promise<T>) => Promise<T>;

/** INVALID_CREDENTIALS unless it is the account's present password. */
const assertPassword = async (auth: Made, accountId: string, password: string): Promise<void> => {
  const { internalAdapter, password: passwords } = await auth.$context;
  const hash = (await internalAdapter.findCredentialAccount(accountId))?.password;
  if (!hash || !(await passwords.verify({ hash, password }))) {
    throw new DomainError('INVALID_CREDENTIALS', 'this is not the present password');
  }
};

/** The value that a reset of better-auth looks for. */
const resetOf = (token: string): string => `reset-password:${token}`;

const NO_SUCH_SIGN_UP =
  'no sign-up of this address has this password; a new one by mail confirms the address, too';

const passwordCalls = ({ pg }: AuthOptions, requested: Requested) => ({
  /** INVALID_CREDENTIALS unless it is the account's present password. */
  assertPassword: (accountId: string, password: string) =>
    requested('assertPassword', (auth) => assertPassword(auth, accountId, password)),
  /** The account of the sign-up that has this password. INVALID_CREDENTIALS. */
  ownSignUp: (signUps: readonly Unconfirmed[], password: string): Promise<string> =>
    requested('ownSignUp', async ({ $context }) => {
      const { password: passwords } = await $context;
      for (const { accountId, passwordHash: hash } of signUps) {
        if (await passwords.verify({ hash, password })) return accountId;
      }
      throw new DomainError('INVALID_CREDENTIALS', NO_SUCH_SIGN_UP);
    }),
  /** Returns the address of the account. TOKEN_INVALID. */
  resetPassword: (body: { token: string; newPassword: string }): Promise<string> =>
    requested('resetPassword', async ({ api, $context }) => {
      const { internalAdapter } = await $context;
      const noted = await internalAdapter.findVerificationValue(resetOf(body.token));
      await api.resetPassword({ body });
      const user = noted && (await internalAdapter.findUserById(noted.value));
      if (!user) throw new Error('a password was reset for no account');
      return user.email;
    }),
  /** Ends every other session. INVALID_CREDENTIALS unless the present password is sent. */
  changePassword: (
    { accountId, sessionId }: { accountId: string; sessionId: string },
    { currentPassword: password, newPassword }: Record<'currentPassword' | 'newPassword', string>,
  ) =>
    requested('changePassword', async (auth) => {
      await assertPassword(auth, accountId, password);
      const { internalAdapter, password: passwords } = await auth.$context;
      const newHash = await passwords.hash(newPassword);
      await endOtherSessions(pg, accountId, sessionId);
      await internalAdapter.updatePassword(accountId, newHash);
    }),
  /** Removes the account, its password and its sessions. INVALID_CREDENTIALS. */
  deleteUser: (accountId: string, password: string) =>
    requested('deleteUser', async (auth) => {
      await assertPassword(auth, accountId, password);
      await removeAccount(pg, accountId);
    }),
});

/**
 * better-auth's own calls for signing in and for a reset refuse the ASCII form of top domains of
 * other scripts, so its parts are called.
 */
const addressCalls = ({ pg }: AuthOptions, requested: Requested) => ({
  /** INVALID_CREDENTIALS, with the same message and time whatever was wrong. */
  signIn: (
    { email, password, rememberMe }: { email: string; password: string; rememberMe: boolean },
    userAgent: string,
  ): Promise<{ token: string; accountId: string }> =>
    requested('signIn', async ({ $context }) => {
      const { internalAdapter, password: passwords } = await $context;
      const found = await findPassword(pg, email);
      // A hash takes as long as a comparison.
      if (!found) await passwords.hash(password);
      const isRight = found && (await passwords.verify({ hash: found.passwordHash, password }));
      if (!isRight) {
        throw new DomainError('INVALID_CREDENTIALS', 'e-mail and password do not match');
      }
      const { accountId } = found;
      const { token } = await internalAdapter.createSession(accountId, !rememberMe, { userAgent });
      return { token, accountId };
    }),
  /** A token for choosing a new password, once, within an hour. */
  resetToken: (email: string): Promise<string> =>
    requested('resetToken', async ({ $context }) => {
      const { internalAdapter } = await $context;
      const account = await findAccountByEmail(pg, email);
      if (!account) throw new Error('a reset of no account was requested');
      const token = crypto.randomUUID();
      const expiresAt = new Date(Date.now() + TOKEN_SECONDS * 1_000);
      const identifier = resetOf(token);
      await internalAdapter.createVerificationValue({ value: account.id, identifier, expiresAt });
      return token;
    }),
});

export const createAuth = (options: AuthOptions) => {
  let made: Made | undefined;
  const requested: Requested = (name, work) =>
    options.pg
      .query(`identity.${name}`, (db) => work((made ??= authOver(db, options))))
      .catch((error: unknown): never => {
        throw refusalOf(error);
      });
  return {
    /**
     * Makes an account unless a confirmed one exists; the caller cannot learn which. A password is
     * compared in any case, so that the time is the same.
     */
    signUp: ({ name, email, password }: { name: string; email: string; password: string }) =>
      requested('signUp', async (auth) => {
        const { password: passwords } = await auth.$context;
        const passwordHash = await passwords.hash(password);
        const found = await findPassword(options.pg, email);
        const hash = found?.passwordHash ?? passwordHash;
        const isSame = await passwords.verify({ hash, password });
        const sameAs = isSame ? found?.accountId : undefined;
        await signUpAccount(options.pg, { name, email, passwordHash }, sameAs);
      }),
    ...passwordCalls(options, requested),
    ...addressCalls(options, requested),
  };
};

export type Auth = ReturnType<typeof createAuth>;
