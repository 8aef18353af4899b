// Tests that only a valid service token for the right audience is accepted.
import { afterEach, describe, expect, setSystemTime, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { DomainError } from '../../domain/errors.ts';
import { DEFAULT_STORE, newId } from '../../domain/ids.ts';
import { mintTokens, verifyTokens, type ServiceKey } from './tokens.ts';

const newKey = (kid: string, sub = 'gateway', signsFrom = 0): ServiceKey => {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { ...jwk, kid, sub, signsFrom };
};
const publicOf = ({ d: _, ...key }: ServiceKey): ServiceKey => key;
const NEWEST = newKey('gateway-2', 'gateway', 10);
const OLDER = newKey('gateway-1');
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
const minted = async (key = NEWEST, audience = AUDIENCE): Promise<string> =>
  bearer(await mintTokens('gateway', () => [key])(audience, STORE));
const verifying = (...keys: ServiceKey[]) => verifyTokens(AUDIENCE, () => keys.map(publicOf));

const refuses = async (authorization: string | null, keys = [NEWEST]): Promise<void> => {
  const refusal = await verifying(...keys)(authorization).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(refusal).toBeInstanceOf(DomainError);
  expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
};

interface Made {
  claims?: Record<string, unknown>;
  kid?: string | undefined;
  key?: ServiceKey;
}

const RIGHT = { iss: 'holdfast', sub: 'gateway', aud: AUDIENCE, storeId: STORE };
const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** A valid token, except for what the test changes. */
const made = async ({ claims = {}, key = NEWEST, kid = key.kid }: Made): Promise<string> => {
  const payload = Object.fromEntries(
    Object.entries({ ...RIGHT, exp: inSeconds(300), ...claims }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const jwt = new SignJWT(payload).setProtectedHeader({ alg: 'EdDSA', kid });
  return bearer(await jwt.sign(await importJWK(key, 'EdDSA')));
};

/** Signed with the public key, used as a shared secret. */
const byPublicKey = async (alg: string): Promise<string> => {
  const claims = { ...RIGHT, exp: inSeconds(300) };
  const jwt = new SignJWT(claims).setProtectedHeader({ alg, kid: NEWEST.kid });
  return bearer(await jwt.sign(new TextEncoder().encode((NEWEST.x ?? '').padEnd(64, '='))));
};

describe('a valid token', () => {
  test('names its caller and its store', async () => {
    const caller = { subject: 'gateway', storeId: STORE };
    expect(await verifying(NEWEST)(await minted())).toEqual(caller);
    expect(await verifying(NEWEST)(await made({}))).toEqual(caller);
  });

  test('is accepted from any key of the set', async () => {
    const verify = verifying(NEWEST, OLDER);
    expect((await verify(await minted(OLDER))).subject).toBe('gateway');
    expect((await verify(await minted(NEWEST))).subject).toBe('gateway');
  });

  test('is signed with the newest key that may sign already', async () => {
    const later = newKey('gateway-3', 'gateway', inSeconds(60));
    const mint = mintTokens('gateway', () => [OLDER, NEWEST, later]);
    const token = bearer(await mint(AUDIENCE, STORE));
    expect((await verifying(NEWEST)(token)).storeId).toBe(STORE);
    await refuses(token, [OLDER, later]);
  });

  test('needs a private key of the caller', () => {
    expect(() => mintTokens('gateway', () => [])).toThrow('no token key');
    expect(() => mintTokens('gateway', () => [publicOf(NEWEST)])).toThrow('no token key');
    expect(() => mintTokens('orders', () => [NEWEST])).toThrow('no token key');
  });

  test('is reused for four minutes and then replaced, a minute before it ends', async () => {
    const mint = mintTokens('gateway', () => [NEWEST]);
    const first = await mint(AUDIENCE, STORE);
    inMs(4 * MINUTE_MS - 2_000);
    expect(await mint(AUDIENCE, STORE)).toBe(first);
    expect((await verifying(NEWEST)(bearer(first))).storeId).toBe(STORE);
    inMs(3_000);
    expect(await mint(AUDIENCE, STORE)).not.toBe(first);
  });

  test('is never reused for another store or another audience', async () => {
    const mint = mintTokens('gateway', () => [NEWEST]);
    await mint(AUDIENCE, STORE);
    const verify = verifying(NEWEST);
    const other = await verify(bearer(await mint(AUDIENCE, DEFAULT_STORE)));
    expect(other.storeId).toBe(DEFAULT_STORE);
    await refuses(bearer(await mint('orders', STORE)));
  });
});

describe('a token', () => {
  const REFUSED: [what: string, token: () => Promise<string> | string][] = [
    ['for another audience', () => minted(NEWEST, 'orders')],
    ['for no audience', () => made({ claims: { aud: undefined } })],
    ['signed with another key', () => made({ key: newKey('other'), kid: NEWEST.kid })],
    ['signed with an unknown key', () => minted(newKey('unknown'))],
    ['without the name of a key', () => made({ kid: '' })],
    ['of another service than its key', () => made({ claims: { sub: 'worker' } })],
    ['signed by HS256 with the public key', () => byPublicKey('HS256')],
    ['signed by HS512 with the public key', () => byPublicKey('HS512')],
    ['that has ended', () => made({ claims: { exp: Math.floor(Date.now() / 1000) - 1 } })],
    ['that never ends', () => made({ claims: { exp: undefined } })],
    ['that is not valid yet', () => made({ claims: { nbf: Math.floor(Date.now() / 1000) + 60 } })],
    ['of another issuer', () => made({ claims: { iss: 'another' } })],
    ['of no issuer', () => made({ claims: { iss: undefined } })],
    ['without a subject', () => made({ claims: { sub: undefined } })],
    ['without a store', () => made({ claims: { storeId: undefined } })],
    ['whose store is no store', () => made({ claims: { storeId: 'prd_1' } })],
    ['whose store is a list', () => made({ claims: { storeId: [STORE] } })],
    [
      'with alg none',
      () =>
        bearer(
          new UnsecuredJWT({ storeId: STORE })
            .setIssuer('holdfast')
            .setSubject('gateway')
            .setAudience(AUDIENCE)
            .setExpirationTime('300s')
            .encode()
            .replace(/^[^.]+/, btoa(JSON.stringify({ alg: 'none', kid: NEWEST.kid }))),
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

  test('is refused by a service without keys', async () => {
    await refuses(await minted(), []);
  });
});

/** The same signature over another store. */
const changed = (token: string): string => {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
  const other = Buffer.from(JSON.stringify({ ...claims, storeId: DEFAULT_STORE }));
  return [header, other.toString('base64url'), signature].join('.');
};

describe('a removed key', () => {
  test('verifies no token any more, though one was accepted just before', async () => {
    let keys = [NEWEST, OLDER];
    const verify = verifyTokens(AUDIENCE, () => keys.map(publicOf));
    const token = await minted(OLDER);
    expect((await verify(token)).subject).toBe('gateway');
    keys = [NEWEST];
    const refusal = await verify(token).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('signs no token any more, though its last one is not expired', async () => {
    let keys = [OLDER];
    const mint = mintTokens('gateway', () => keys);
    const first = await mint(AUDIENCE, STORE);
    keys = [NEWEST];
    const next = await mint(AUDIENCE, STORE);
    expect(next).not.toBe(first);
    expect((await verifying(NEWEST)(bearer(next))).subject).toBe('gateway');
  });
});

describe('a verified token', () => {
  test('is refused from the second it ends, though it was accepted just before', async () => {
    const verify = verifying(NEWEST);
    const token = await made({ claims: { exp: Math.floor(Date.now() / 1000) + 5 } });
    expect((await verify(token)).storeId).toBe(STORE);
    inMs(6_000);
    const refusal = await verify(token).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('is cached by its own verifier only', async () => {
    const token = await minted();
    await verifying(NEWEST)(token);
    await refuses(token, [OLDER]);
  });
});
