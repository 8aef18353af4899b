// Tests which capacities a caller's credential gives, and how a caller without them is refused.
import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import type { StoreId } from '../../domain/ids.ts';
import { PERMISSIONS, type Permission, type Scope } from '../../domain/permissions.ts';
import { cookiesOf } from './credentials/cookies.ts';
import { keyHash } from './credentials/keys.ts';
import type { SessionFound } from './credentials/session-tokens.ts';
import { authenticating, bearerOf, type Principal } from './principals.ts';

const MINE: StoreId = 'sto_mine';
const SECRET = 'a secret of these tests, 32 bytes';
const KEY = `hf_${'k'.repeat(30)}`;
const OPERATOR_KEY = `hf_${'o'.repeat(30)}`;
const TOKEN = 't'.repeat(32);
const COOKIES = cookiesOf('https://shop.example');
const signed = (token: string, secret = SECRET): string =>
  `hfs_${token}.${createHmac('sha256', secret).update(token).digest('base64url')}`;

const scopesOf: Record<string, Scope[]> = {
  [keyHash(KEY)]: ['products:read'],
  [keyHash(OPERATOR_KEY)]: ['recovery'],
};
const session: SessionFound = {
  id: 'ses_1',
  accountId: 'acc_1',
  email: 'a@shop.example',
  emailVerified: false,
  isOperator: false,
  staff: [],
};
const clerk: SessionFound = { ...session, staff: [{ storeId: MINE, role: 'clerk' }] };

const principalFor = async (
  headers: Record<string, string>,
  needs: Permission,
  found: SessionFound = session,
  params: Record<string, string> = {},
): Promise<Principal | string> => {
  const authenticate = authenticating({
    findKey: async (hash) => {
      const scopes = scopesOf[hash];
      return scopes && { id: 'key_1', storeId: MINE, scopes };
    },
    findSession: async (token) => (token === TOKEN ? found : undefined),
    sessionSecret: SECRET,
    cookies: COOKIES,
  });
  const request = new Request('http://shop.example/', { headers });
  return authenticate(request, needs, params).catch((error: { code: string }) => error.code);
};
const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
const cookie = (text: string) => ({
  cookie: `a=b; __Host-holdfast.session=${encodeURIComponent(text)}`,
});
const [, SIGNED] = signed(TOKEN).split('hfs_') as [string, string];

describe('a caller without a credential', () => {
  test('may use public routes and no others', async () => {
    for (const needs of Object.keys(PERMISSIONS) as Permission[]) {
      const open = ['public', 'browse', 'shop'].includes(needs);
      const answer = await principalFor({}, needs);
      expect([needs, open ? (answer as Principal).kind : answer]).toEqual([
        needs,
        open ? 'anyone' : 'UNAUTHENTICATED',
      ]);
    }
  });
});

describe('a key', () => {
  test('is its store, within its scopes', async () => {
    const answer = await principalFor(bearer(KEY), 'products:read');
    expect(answer).toMatchObject({ kind: 'key', storeId: MINE, keyId: 'key_1' });
    expect(await principalFor(bearer(KEY), 'products:write')).toBe('PERMISSION_DENIED');
    expect(await principalFor(bearer(KEY), 'recovery')).toBe('PERMISSION_DENIED');
    expect(await principalFor(bearer(KEY), 'own-account')).toBe('PERMISSION_DENIED');
  });

  test('is read whatever the case of the scheme: RFC 9110, 11.1', async () => {
    for (const scheme of ['bearer', 'BEARER']) {
      const answer = await principalFor({ authorization: `${scheme} ${KEY}` }, 'products:read');
      expect(answer).toMatchObject({ kind: 'key' });
    }
  });

  test('stays its store whatever the headers and the path say', async () => {
    const headers = { ...bearer(KEY), 'holdfast-store': 'sto_other' };
    const answer = await principalFor(headers, 'products:read', session, { storeId: 'sto_other' });
    expect(answer).toMatchObject({ storeId: MINE });
  });

  test('of the shop acts as an operator', async () => {
    expect(await principalFor(bearer(OPERATOR_KEY), 'recovery')).toMatchObject({ by: 'key_1' });
    expect(await principalFor(bearer(OPERATOR_KEY), 'products:read')).toBe('PERMISSION_DENIED');
  });

  test('searches the catalogue, buys nothing, and sees no order', async () => {
    expect(await principalFor(bearer(KEY), 'browse')).toMatchObject({ kind: 'key' });
    expect(await principalFor(bearer(KEY), 'shop')).toBe('PERMISSION_DENIED');
    expect(await principalFor(bearer(OPERATOR_KEY), 'shop')).toBe('PERMISSION_DENIED');
    expect(await principalFor(bearer(KEY), 'own-order')).toBe('NOT_FOUND');
    expect(await principalFor(bearer(`hf_${'x'.repeat(30)}`), 'shop')).toBe('UNAUTHENTICATED');
  });
});

describe('a session', () => {
  test('is an account, as a bearer and as a cookie', async () => {
    const account = { kind: 'account', accountId: 'acc_1', emailVerified: false };
    expect(await principalFor(bearer(signed(TOKEN)), 'own-account')).toMatchObject(account);
    expect(await principalFor(cookie(SIGNED), 'own-account')).toMatchObject(account);
    const standard = SIGNED.replaceAll('-', '+').replaceAll('_', '/');
    expect(await principalFor(cookie(`${standard}=`), 'shop')).toMatchObject(account);
  });

  test.each([
    ['without a signature', `hfs_${TOKEN}`],
    ['signed elsewhere', signed(TOKEN, 'another')],
    ['that is over', signed('u'.repeat(32))],
    ['cut short', signed(TOKEN).slice(0, -2)],
    ['with appended bytes', `${signed(TOKEN)}00`],
  ])('%s is refused, also where no credential is needed', async (_what, text) => {
    expect(await principalFor(bearer(text), 'own-account')).toBe('UNAUTHENTICATED');
    expect(await principalFor(bearer(text), 'shop')).toBe('UNAUTHENTICATED');
    expect(await principalFor(bearer(text), 'own-order')).toBe('UNAUTHENTICATED');
  });

  test('that is over counts as none where none is needed, when a browser sends it', async () => {
    const over = cookie(signed('u'.repeat(32)));
    expect(await principalFor(over, 'shop')).toMatchObject({ kind: 'anyone' });
    expect(await principalFor(over, 'public')).toMatchObject({ kind: 'anyone' });
    expect(await principalFor(over, 'own-account')).toBe('UNAUTHENTICATED');
    expect(await principalFor(over, 'own-order')).toBe('UNAUTHENTICATED');
  });

  test('is ignored when another site makes a browser send it', async () => {
    const headers = { ...cookie(SIGNED), 'sec-fetch-site': 'cross-site' };
    expect(await principalFor(headers, 'own-account')).toBe('UNAUTHENTICATED');
    expect(await principalFor(headers, 'shop')).toMatchObject({ kind: 'anyone' });
    expect(bearerOf(new Request('http://shop.example/', { headers }), COOKIES)).toEqual({});
  });

  test('acts as staff of its stores, and of no other', async () => {
    const shown = bearer(signed(TOKEN));
    const staff = { kind: 'staff', storeId: MINE, role: 'clerk' };
    expect(await principalFor(shown, 'products:read', clerk)).toMatchObject(staff);
    expect(await principalFor(shown, 'products:write', clerk)).toBe('PERMISSION_DENIED');
    expect(await principalFor(shown, 'products:read')).toBe('PERMISSION_DENIED');
    const elsewhere = { ...shown, 'holdfast-store': 'sto_other' };
    expect(await principalFor(elsewhere, 'products:read', clerk)).toBe('PERMISSION_DENIED');
    const params = { storeId: 'sto_other' };
    expect(await principalFor(shown, 'staff:manage', clerk, params)).toBe('NOT_FOUND');
  });

  test('acts as an operator only with the role', async () => {
    const shown = bearer(signed(TOKEN));
    expect(await principalFor(shown, 'recovery')).toBe('PERMISSION_DENIED');
    const operator = { ...session, isOperator: true };
    expect(await principalFor(shown, 'recovery', operator)).toMatchObject({ by: 'acc_1' });
  });
});

test('the token of an order is a guest, and no more than that', async () => {
  const orderToken = `hfo_${'a'.repeat(43)}`;
  const guest = { kind: 'guest', orderToken };
  expect(await principalFor(bearer(orderToken), 'own-order')).toMatchObject(guest);
  expect(await principalFor(bearer(orderToken), 'browse')).toMatchObject(guest);
  // Whether it is the right one depends on an order, so that it could be any text.
  expect(await principalFor(bearer(orderToken), 'shop')).toBe('UNAUTHENTICATED');
  expect(await principalFor(bearer(orderToken), 'own-account')).toBe('UNAUTHENTICATED');
  expect(await principalFor(bearer(orderToken), 'products:read')).toBe('UNAUTHENTICATED');
});

test.each(['garbage', 'hf_short', 'hfx_token', 'null', 'eyJhbGciOiJub25lIn0.e30.'])(
  'the text %s is no credential, and buys nothing',
  async (text) => {
    for (const needs of ['shop', 'own-order', 'own-account', 'recovery'] as const) {
      expect(await principalFor(bearer(text), needs)).toBe('UNAUTHENTICATED');
    }
    expect(await principalFor(bearer(text), 'public')).toMatchObject({ kind: 'anyone' });
  },
);
