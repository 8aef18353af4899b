// Signs and reads session tokens, which a signed-in shopper sends as a cookie or bearer token.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { StoreId } from '../../../domain/ids.ts';
import type { StaffRole } from '../../../domain/permissions.ts';

/** The prefix of bearer tokens, by which a misplaced one is recognised. */
export const SESSION_PREFIX = 'hfs_';
export const SESSION_COOKIE = 'holdfast.session';
/** The cookie's name over TLS, where browsers enforce the `__Host-` prefix. */
export const SECURE_COOKIE = `__Secure-${SESSION_COOKIE}`;

const TOKEN_SHAPE = /^[A-Za-z0-9]{20,64}$/;
const SHOWN_LENGTH_MAX = 300;

/** A session's account and its roles; looked up by the bare token, undefined when over. */
export interface SessionFound {
  id: string;
  accountId: string;
  email: string;
  emailVerified: boolean;
  isOperator: boolean;
  /** The stores that the account works for. */
  staff: { storeId: StoreId; role: StaffRole }[];
}
export type FindSession = (token: string) => Promise<SessionFound | undefined>;

const signature = (token: string, secret: string): Buffer =>
  createHmac('sha256', secret).update(token).digest();

/** `hfs_<token>.<signature>`: what a client stores. */
export const sealSession = (token: string, secret: string): string =>
  `${SESSION_PREFIX}${token}.${signature(token, secret).toString('base64url')}`;

/** The same as a cookie: a session cookie without seconds, removed at once with 0. */
export const sessionCookie = (shown: string, isSecure: boolean, seconds?: number): string =>
  [
    `${isSecure ? SECURE_COOKIE : SESSION_COOKIE}=${shown}`,
    'Path=/',
    'HttpOnly',
    'SameSite=Lax',
    ...(isSecure ? ['Secure'] : []),
    ...(seconds === undefined ? [] : [`Max-Age=${seconds}`]),
  ].join('; ');

/** The bare token of a credential; undefined unless it was signed with our secret. */
export const openSession = (shown: string, secret: string): string | undefined => {
  if (shown.length > SHOWN_LENGTH_MAX) return undefined;
  const text = shown.startsWith(SESSION_PREFIX) ? shown.slice(SESSION_PREFIX.length) : shown;
  const at = text.indexOf('.');
  const token = text.slice(0, Math.max(at, 0));
  if (!TOKEN_SHAPE.test(token)) return undefined;
  // Both alphabets of base64 are read: cookies are signed with the other one.
  const given = Buffer.from(text.slice(at + 1), 'base64url');
  const expected = signature(token, secret);
  return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined;
};

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
};

/** The value of the session cookie, if any. */
export const sessionCookieOf = (request: Request): string | undefined => {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (name === SESSION_COOKIE || name === SECURE_COOKIE)
      return decoded(pair.slice(at + 1).trim());
  }
  return undefined;
};
