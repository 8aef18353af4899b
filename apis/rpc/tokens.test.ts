// Service tokens: only ours, only for us, only while they live; anything else is UNAUTHENTICATED.
import { afterEach, describe, expect, setSystemTime, test } from 'bun:test';
import { SignJWT, UnsecuredJWT } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import { mintTokens, verifyTokens } from './tokens.ts';

const SECRET = 'the-secret-of-these-tests-0123456789';
const OLDER = 'the-older-secret-of-these-tests-0123';
const AUDIENCE = 'inventory';
const STORE = newId('store');
const MINUTE_MS = 60_000;

afterEach(() => {
  setSystemTime();
});

const inMs = (ms: number): void => {
  setSystemTime(Date.now() + ms);
};
const bearer = (token: string): string => `Bearer ${token}`;
const minted = async (secret = SECRET, audience = AUDIENCE): Promise<string> =>
  bearer(await mintTokens('gateway', [secret])(audience, STORE));

const refuses = async (authorization: string | null, secrets = [SECRET]): Promise<void> => {
  const refusal = await verifyTokens(
    AUDIENCE,
    secrets,
  )(authorization).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(DomainError);
  expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
};

interface Made {
  claims?: Record<string, unknown>;
  alg?: string;
  secret?: string;
}

/** A token that is right in everything but what the test says. */
const made = async ({ claims = {}, alg = 'HS256', secret = SECRET }: Made): Promise<string> => {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const right = { iss: 'holdfast', sub: 'gateway', aud: AUDIENCE, storeId: STORE, exp };
  const payload = Object.fromEntries(
    Object.entries({ ...right, ...claims }).filter(([, value]) => value !== undefined),
  );
  return bearer(
    await new SignJWT(payload).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret)),
  );
};

describe('a token of ours', () => {
  test('says who calls and for which store', async () => {
    const caller = { subject: 'gateway', storeId: STORE };
    expect(await verifyTokens(AUDIENCE, [SECRET])(await minted())).toEqual(caller);
    expect(await verifyTokens(AUDIENCE, [SECRET])(await made({}))).toEqual(caller);
  });

  test('signed with an older secret in the list is still taken', async () => {
    const verify = verifyTokens(AUDIENCE, [SECRET, OLDER]);
    expect((await verify(await minted(OLDER))).subject).toBe('gateway');
    expect((await verify(await minted(SECRET))).subject).toBe('gateway');
  });

  test('is signed with the newest secret of the list', async () => {
    const token = bearer(await mintTokens('gateway', [SECRET, OLDER])(AUDIENCE, STORE));
    expect((await verifyTokens(AUDIENCE, [SECRET])(token)).storeId).toBe(STORE);
    await refuses(token, [OLDER]);
  });

  test('is not made without a secret', () => {
    expect(() => mintTokens('gateway', [])).toThrow('no token secret');
    expect(() => mintTokens('gateway', [''])).toThrow('no token secret');
  });

  test('is reused for four minutes and then made anew, a minute before it ends', async () => {
    const mint = mintTokens('gateway', [SECRET]);
    const first = await mint(AUDIENCE, STORE);
    inMs(4 * MINUTE_MS - 2_000);
    expect(await mint(AUDIENCE, STORE)).toBe(first);
    expect((await verifyTokens(AUDIENCE, [SECRET])(bearer(first))).storeId).toBe(STORE);
    inMs(3_000);
    expect(await mint(AUDIENCE, STORE)).not.toBe(first);
  });

  test('is never the one of another store or another audience', async () => {
    const mint = mintTokens('gateway', [SECRET]);
    await mint(AUDIENCE, STORE);
    const verify = verifyTokens(AUDIENCE, [SECRET]);
    const other = await verify(bearer(await mint(AUDIENCE, DEFAULT_STORE)));
    expect(other.storeId).toBe(DEFAULT_STORE);
    await refuses(bearer(await mint('orders', STORE)));
  });
});

describe('a token', () => {
  const REFUSED: [what: string, token: () => Promise<string> | string][] = [
    ['for another audience', () => minted(SECRET, 'orders')],
    ['for no audience', () => made({ claims: { aud: undefined } })],
    ['signed with another secret', () => minted('another-secret-of-these-tests-01234')],
    ['that has ended', () => made({ claims: { exp: Math.floor(Date.now() / 1000) - 1 } })],
    ['that never ends', () => made({ claims: { exp: undefined } })],
    ['that is not valid yet', () => made({ claims: { nbf: Math.floor(Date.now() / 1000) + 60 } })],
    ['of another issuer', () => made({ claims: { iss: 'somebody' } })],
    ['of no issuer', () => made({ claims: { iss: undefined } })],
    ['of nobody', () => made({ claims: { sub: undefined } })],
    ['without a store', () => made({ claims: { storeId: undefined } })],
    ['whose store is no store', () => made({ claims: { storeId: 'prd_1' } })],
    ['whose store is a list', () => made({ claims: { storeId: [STORE] } })],
    ['signed by another algorithm', () => made({ alg: 'HS512' })],
    [
      'with alg none',
      () =>
        bearer(
          new UnsecuredJWT({ storeId: STORE })
            .setIssuer('holdfast')
            .setSubject('gateway')
            .setAudience(AUDIENCE)
            .setExpirationTime('300s')
            .encode(),
        ),
    ],
    ['whose claims were changed after signing', async () => changed(await minted())],
    ['whose signature was cut off', async () => (await minted()).replace(/[^.]+$/, '')],
    ['that is no token', () => 'Bearer nonsense'],
    ['that is empty', () => 'Bearer '],
    ['of another scheme', async () => (await minted()).replace('Bearer', 'Basic')],
    ['without a scheme', async () => (await minted()).slice('Bearer '.length)],
  ];
  test.each(REFUSED)('%s is refused', async (_what, token) => {
    await refuses(await token());
  });

  test('that is missing is refused', async () => {
    await refuses(null);
    await refuses('');
  });

  test('is refused by a service that has no secret, or an empty one', async () => {
    await refuses(await minted(), []);
    await refuses(await minted(), ['']);
  });
});

/** The same signature over another store. */
const changed = (token: string): string => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const other = Buffer.from(JSON.stringify({ ...claims, storeId: DEFAULT_STORE }));
  return [header, other.toString('base64url'), signature].join('.');
};

describe('a verified token', () => {
  test('is refused from the second it ends, though it was taken just before', async () => {
    const verify = verifyTokens(AUDIENCE, [SECRET]);
    const token = await made({ claims: { exp: Math.floor(Date.now() / 1000) + 5 } });
    expect((await verify(token)).storeId).toBe(STORE);
    inMs(6_000);
    const refusal = await verify(token).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('stays known to its own verifier only', async () => {
    const token = await minted();
    await verifyTokens(AUDIENCE, [SECRET])(token);
    await refuses(token, [OLDER]);
  });
});
