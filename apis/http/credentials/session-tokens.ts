// Signs and reads session tokens, which a signed-in shopper sends as a cookie or bearer token.
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { StoreId } from '../../../domain/ids.ts';
import type { StaffRole } from '../../../domain/permissions.ts';

/** The prefix of bearer tokens, by which a misplaced one is recognised. */
export const SESSION_PREFIX = 'hfs_';
/** The name of the cookie, without what the shop adds to its cookies' names. */
export const SESSION_COOKIE = 'session';

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
