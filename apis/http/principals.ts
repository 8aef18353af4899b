// Makes a request's principal from its credential, in the capacity that the route needs.
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE, isId, type StoreId } from '../../domain/ids.ts';
import {
  isAllowed,
  type Permission,
  type Role,
  SCOPES,
  type Scope,
  type StaffRole,
} from '../../domain/permissions.ts';
import type { Cookies } from './credentials/cookies.ts';
import { keyHash, type FindKey, type KeyFound } from './credentials/keys.ts';
import {
  openSession,
  SESSION_COOKIE,
  SESSION_PREFIX,
  type FindSession,
  type SessionFound,
} from './credentials/session-tokens.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

interface OfStore {
  /** The store of this call; no caller ever sees another store's objects. */
  storeId: StoreId;
}
interface Anyone extends OfStore {
  kind: 'anyone';
}
/** Has an order's token; the order's route checks whether it is the right one. */
interface Guest extends OfStore {
  kind: 'guest';
  orderToken: string;
}
export interface Account extends OfStore {
  kind: 'account';
  accountId: string;
  email: string;
  emailVerified: boolean;
  sessionId: string;
}
interface Staff extends OfStore {
  kind: 'staff';
  role: StaffRole;
  accountId: string;
}
interface KeyHolder extends OfStore {
  kind: 'key';
  keyId: string;
  scopes: readonly Scope[];
}
interface Operator extends OfStore {
  kind: 'operator';
  /** The id of the account or the key, for the audit. */
  by: string;
}
export type Principal = Anyone | Guest | Account | Staff | KeyHolder | Operator;

export type Authenticate = (
  request: Request,
  needs: Permission,
  params?: Record<string, string>,
) => Promise<Principal>;

interface Finders {
  findKey: FindKey;
  findSession: FindSession;
  /** Signs sessions; without it this API accepts none. */
  sessionSecret?: string;
  /** Reads sessions of browsers; only the gateway takes them. */
  cookies?: Cookies;
}

const UNAUTHENTICATED: Partial<Record<Permission, string>> = {
  'own-order': "send the order's access token, or sign in",
  'own-account': 'sign in',
};

const unauthenticated = (needs: Permission): DomainError =>
  new DomainError('UNAUTHENTICATED', UNAUTHENTICATED[needs] ?? 'send a valid API key, or sign in');

const roleOf = (principal: Principal): Role =>
  principal.kind === 'staff' ? principal.role : principal.kind;

const isScope = (needs: Permission): needs is Scope =>
  (SCOPES as readonly Permission[]).includes(needs);

/** True when the caller has the permission in this capacity. */
export const may = (principal: Principal, needs: Permission): boolean => {
  if (!isAllowed(roleOf(principal), needs)) return false;
  if (principal.kind !== 'key' || !isScope(needs)) return true;
  return principal.scopes.includes(needs);
};

const capacitiesOfKey = ({ id, storeId, scopes }: KeyFound, named: StoreId): Principal[] => [
  { kind: 'key', storeId, keyId: id, scopes },
  ...(scopes.includes('recovery') ? [{ kind: 'operator', storeId: named, by: id } as const] : []),
];

const capacitiesOfSession = (found: SessionFound, chosen: StoreId | undefined): Principal[] => {
  const { accountId, email, emailVerified, staff, isOperator } = found;
  const membership =
    staff.find(({ storeId }) => storeId === chosen) ?? (chosen ? undefined : staff[0]);
  const storeId = chosen ?? DEFAULT_STORE;
  return [
    {
      kind: 'account',
      storeId: DEFAULT_STORE,
      accountId,
      email,
      emailVerified,
      sessionId: found.id,
    },
    ...(membership ? [{ kind: 'staff', accountId, ...membership } as const] : []),
    ...(isOperator ? [{ kind: 'operator', storeId, by: accountId } as const] : []),
  ];
};

interface Credential {
  text: string;
  isSession: boolean;
  /** A browser sends it by itself, also when it is over. */
  isCookie: boolean;
}

/** The caller's credential: the Authorization header, else the cookie. */
const credentialOf = (request: Request, cookies?: Cookies): Credential | undefined => {
  const header = request.headers.get('authorization');
  if (header !== null) {
    const text = /^Bearer ([\x21-\x7e]{1,300})$/i.exec(header)?.[1] ?? '';
    return { text, isSession: text.startsWith(SESSION_PREFIX), isCookie: false };
  }
  const cookie = cookies?.read(request, SESSION_COOKIE);
  return cookie === undefined ? undefined : { text: cookie, isSession: true, isCookie: true };
};

/** True when there is certainly no credential to look up. */
export const hasNoCredential = ({ headers }: Request): boolean =>
  !headers.has('authorization') && !headers.get('cookie')?.includes(`.${SESSION_COOKIE}`);

/**
 * The credential for the service behind: a cookie becomes a bearer token, which no browser sends.
 */
export const bearerOf = (request: Request, cookies: Cookies): { authorization?: string } => {
  const header = request.headers.get('authorization');
  if (header !== null) return { authorization: header };
  const credential = credentialOf(request, cookies);
  if (!credential) return {};
  const text = credential.text.replace(SESSION_PREFIX, '');
  return { authorization: `Bearer ${SESSION_PREFIX}${text}` };
};

const storeChosen = (request: Request, params: Record<string, string>): StoreId | undefined => {
  const chosen = params['storeId'] ?? request.headers.get(STORE_HEADER);
  return isId('store', chosen) ? chosen : undefined;
};

const KEY_SHAPE = /^hf_[A-Za-z0-9_-]{20,80}$/;
/** Whether it is the right one depends on the order. */
const ORDER_TOKEN = /^hfo_/;

/** Every capacity of this credential; none when it is invalid. */
const capacitiesOf = async (
  { findKey, findSession, sessionSecret }: Finders,
  { text, isSession }: Credential,
  chosen: StoreId | undefined,
): Promise<Principal[]> => {
  if (text === '') return [];
  if (isSession) {
    const token = sessionSecret ? openSession(text, sessionSecret) : undefined;
    const session = token ? await findSession(token) : undefined;
    return session ? capacitiesOfSession(session, chosen) : [];
  }
  if (ORDER_TOKEN.test(text)) {
    return [{ kind: 'guest', storeId: DEFAULT_STORE, orderToken: text }];
  }
  if (!KEY_SHAPE.test(text)) return [];
  const found = await findKey(keyHash(text));
  return found ? capacitiesOfKey(found, chosen ?? found.storeId) : [];
};

const ANYONE: Principal = { kind: 'anyone', storeId: DEFAULT_STORE };

const refusal = (capacities: Principal[], needs: Permission, named: boolean): DomainError => {
  const [first] = capacities;
  if (!first || first.kind === 'guest') return unauthenticated(needs);
  if (needs === 'own-order') return new DomainError('NOT_FOUND', 'no such order');
  if (first.kind === 'key') {
    const why = isScope(needs) ? `this key lacks the scope ${needs}` : `a key may not: ${needs}`;
    return new DomainError('PERMISSION_DENIED', why);
  }
  // Staff of other stores must not learn that the path's store exists.
  const isStranger = named && !capacities.some(({ kind }) => kind === 'staff');
  if (isStranger) return new DomainError('NOT_FOUND', 'no such store');
  return new DomainError('PERMISSION_DENIED', `this account may not: ${needs}`);
};

/**
 * Makes the principal of a request, in the capacity that `needs` names. UNAUTHENTICATED,
 * PERMISSION_DENIED, NOT_FOUND for a store that is not the caller's.
 */
export const authenticating =
  (finders: Finders): Authenticate =>
  async (request, needs, params = {}) => {
    if (needs === 'public') return ANYONE;
    const credential = credentialOf(request, finders.cookies);
    if (credential === undefined) {
      if (may(ANYONE, needs)) return ANYONE;
      throw unauthenticated(needs);
    }
    const chosen = storeChosen(request, params);
    const capacities = await capacitiesOf(finders, credential, chosen);
    const fitting = capacities.find((one) => may(one, needs));
    if (fitting) return fitting;
    // A browser goes on sending the cookie of a session that is over.
    const isOver = credential.isCookie && capacities.length === 0;
    if (isOver && may(ANYONE, needs)) return ANYONE;
    throw refusal(capacities, needs, params['storeId'] !== undefined);
  };

const findNothing = async (): Promise<undefined> => undefined;

/** The acting operator, for the audit. */
export const operatorOf = (principal: Principal): string => {
  if (principal.kind === 'operator') return principal.by;
  throw new Error('a route for operators was reached without an operator');
};

/** For services with public paths only. */
export const authenticatingPublicOnly: Authenticate = authenticating({
  findKey: findNothing,
  findSession: findNothing,
});
