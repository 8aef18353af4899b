// Tests the public API's rate limits: exact per address, principal and store.
import { beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import type { Scope } from '../../domain/permissions.ts';
import { newId } from '../../domain/ids.ts';
import {
  confirmAddress,
  confirmedMember,
  mailedToken,
  newMember,
  PASSWORD,
} from '../support/accounts.ts';
import { withGateway, type Gateway } from '../support/gateways.ts';
import { ADDRESS, eventually, JSON_TYPE, newEmail, stockedWare } from '../support/journeys.ts';
import { authenticate } from '../support/judges.ts';
import { bearer, expectProblem, newStore } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const STOCK_READER: Scope[] = ['inventory:read', 'products:read'];
/** Longer than any test: no bucket refills meanwhile. */
const WINDOW_SECONDS = 3_600;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

interface PolicyOf {
  name?: string;
  by: 'address' | 'principal' | 'store';
  quota: number;
  kinds?: string[];
}

/** Names differ from run to run, so that no test finds another one's buckets. */
const policyOf = ({ name, by, quota, kinds = ['read'] }: PolicyOf) => ({
  name: name ?? `t-${crypto.randomUUID().replace(/[^a-f]/g, '')}`.slice(0, 20),
  by,
  kinds,
  quota,
  windowSeconds: WINDOW_SECONDS,
});

const limitsOf = (...policies: PolicyOf[]) => ({
  HOLDFAST_LIMITS: JSON.stringify({ policies: policies.map(policyOf) }),
});

const limited = (
  name: string,
  settings: Record<string, string>,
  work: (one: Gateway) => Promise<void>,
) => test(name, () => withGateway(settings, work), LIMIT_MS);

const read = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/docs`, { headers });

/** A read whose response is its caller's own, and shows what is left. */
const asked = (url: string, query = '{ __typename }'): Promise<Response> =>
  fetch(`${url}/graphql`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ query }),
  });

const statusesOf = async (answers: Promise<Response>[]): Promise<Record<number, number>> => {
  const counts: Record<number, number> = {};
  for (const { status } of await Promise.all(answers)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

const metricsOf = async (opsUrl: string): Promise<string> =>
  (await fetch(`${opsUrl}/metrics`)).text();

describe('an address', () => {
  limited(
    'has exactly its quota, however many calls come at once',
    limitsOf({ by: 'address', quota: 25 }),
    async ({ url }) => {
      const answers = Array.from({ length: 60 }, () => read(url));
      expect(await statusesOf(answers)).toEqual({ 200: 25, 429: 35 });
    },
  );

  limited(
    'gets the units left and the seconds to wait',
    limitsOf({ by: 'address', quota: 2, name: `t-${Date.now().toString(36).replace(/\d/g, 'x')}` }),
    async ({ url }) => {
      const first = await asked(url);
      const name = /^"([a-z-]+)";q=2;w=3600$/.exec(
        first.headers.get('ratelimit-policy') ?? '',
      )?.[1];
      expect(first.headers.get('ratelimit')).toBe(`"${name}";r=1;t=1800`);
      await asked(url);
      const refused = await asked(url);
      const wait = Number(refused.headers.get('retry-after'));
      expect([wait > 1_700, wait <= 1_800]).toEqual([true, true]);
      expect(refused.headers.get('ratelimit')).toStartWith(`"${name}";r=0;t=`);
      const problem = await expectProblem(refused, 429, 'RATE_LIMITED');
      expect(problem).toMatchObject({ violatedPolicies: [name] });
    },
  );

  limited(
    'is charged ten reads for a checkout, and nothing for the heartbeat',
    limitsOf({ by: 'address', quota: 21, kinds: ['read', 'checkout'] }),
    async ({ url }) => {
      const checkout = () =>
        fetch(`${url}/orders`, { method: 'POST', headers: JSON_TYPE, body: '{}' });
      expect([(await checkout()).status, (await checkout()).status]).toEqual([400, 400]);
      expect((await checkout()).status).toBe(429);
      expect((await read(url)).status).toBe(200);
      expect((await read(url)).status).toBe(429);
      expect((await fetch(`${url}/heartbeat`)).status).toBe(200);
    },
  );

  limited(
    "is the socket's, whatever headers a caller sends",
    limitsOf({ by: 'address', quota: 3 }),
    async ({ url }) => {
      const answers = Array.from({ length: 9 }, (_, at) =>
        read(url, {
          'x-forwarded-for': `203.0.113.${at}`,
          'x-real-ip': `203.0.113.${at}`,
          forwarded: `for=203.0.113.${at}`,
          'cf-connecting-ip': `203.0.113.${at}`,
        }),
      );
      expect(await statusesOf(answers)).toEqual({ 200: 3, 429: 6 });
    },
  );

  limited(
    'is the one that a trusted proxy recorded, not the entries before it',
    { ...limitsOf({ by: 'address', quota: 3 }), HOLDFAST_TRUSTED_PROXIES: '1' },
    async ({ url }) => {
      const from = (address: string, at: number) =>
        read(url, { 'x-forwarded-for': `10.0.0.${at}, ${address}` });
      const one = Array.from({ length: 5 }, (_, at) => from('203.0.113.1', at));
      const other = Array.from({ length: 5 }, (_, at) => from('203.0.113.2', at));
      expect(await statusesOf(one)).toEqual({ 200: 3, 429: 2 });
      expect(await statusesOf(other)).toEqual({ 200: 3, 429: 2 });
    },
  );

  test(
    'has one quota over several gateways',
    async () => {
      const settings = limitsOf({ by: 'address', quota: 10 });
      await withGateway(settings, (one) =>
        withGateway(settings, async (other) => {
          const answers = Array.from({ length: 20 }, (_, at) => read((at % 2 ? one : other).url));
          expect(await statusesOf(answers)).toEqual({ 200: 10, 429: 10 });
        }),
      );
    },
    LIMIT_MS,
  );

  limited(
    'with invalid credentials is refused before they are looked up',
    limitsOf({ by: 'address', quota: 5 }),
    async ({ url, opsUrl }) => {
      const answers = Array.from({ length: 15 }, () =>
        fetch(`${url}/product/${newId('product')}/stock`, {
          headers: bearer(`hf_${crypto.randomUUID().replaceAll('-', '')}`),
        }),
      );
      expect(await statusesOf(answers)).toEqual({ 401: 5, 429: 10 });
      const metrics = await metricsOf(opsUrl);
      expect(metrics).toMatch(/holdfast_call_duration_seconds_count\{[^}]*kind="sql"[^}]*\} 5\n/);
    },
  );
});

describe('a principal', () => {
  limited(
    'has its own quota, at whatever address',
    { ...limitsOf({ by: 'principal', quota: 4 }), HOLDFAST_TRUSTED_PROXIES: '1' },
    async ({ url }) => {
      const [mine, theirs] = [
        await newStore(shop, STOCK_READER),
        await newStore(shop, STOCK_READER),
      ];
      const path = `${url}/product/${newId('product')}/stock`;
      const requested = (key: string, at: number) =>
        fetch(path, { headers: { ...bearer(key), 'x-forwarded-for': `203.0.113.${at}` } });
      const flood = Array.from({ length: 9 }, (_, at) => requested(mine.key, at));
      expect(await statusesOf(flood)).toEqual({ 404: 4, 429: 5 });
      expect((await requested(theirs.key, 1)).status).toBe(404);
    },
  );
});

describe('a store', () => {
  limited(
    "has its own quota, which another store's flood does not reduce",
    limitsOf({ by: 'store', quota: 6 }),
    async ({ url }) => {
      const [one, other] = [await newStore(shop, STOCK_READER), await newStore(shop, STOCK_READER)];
      const requested = ({ key }: { key: string }) =>
        fetch(`${url}/product/${newId('product')}/stock`, { headers: bearer(key) });
      // Both run at once, and again while the first one is refused from the first call on.
      for (const [answered, calls] of [
        [6, 20],
        [0, 60],
      ] as const) {
        const flood = Array.from({ length: calls }, () => requested(one));
        const calm = Array.from({ length: 3 }, () => requested(other));
        expect(await statusesOf(calm)).toEqual({ 404: 3 });
        expect(await statusesOf(flood)).toEqual({
          ...(answered > 0 && { 404: answered }),
          429: calls - answered,
        });
      }
    },
  );
});

describe('while Redis is unavailable a limit', () => {
  limited(
    'is counted by each process, and causes no refusals',
    { ...limitsOf({ by: 'address', quota: 12 }), HOLDFAST_LIMITS_REDIS_URL: 'redis://127.0.0.1:1' },
    async ({ url, opsUrl }) => {
      const answers = Array.from({ length: 30 }, () => read(url));
      expect(await statusesOf(answers)).toEqual({ 200: 12, 429: 18 });
      const metrics = await metricsOf(opsUrl);
      expect(metrics).toMatch(/holdfast_limits_local_total\{[^}]*\} \d\d/);
    },
  );
});

/** A caller who has sent half of a body. */
const unfinished = (url: string): Socket => {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const head = 'POST /orders HTTP/1.1\r\nhost: shop\r\ncontent-type: application/json\r\n';
  socket.write(`${head}content-length: 100\r\n\r\n{"name":`);
  return socket;
};

const buyNothing = (url: string): Promise<Response> =>
  fetch(`${url}/orders`, { method: 'POST', headers: JSON_TYPE, body: '{}' });

describe('a gateway that is full', () => {
  test(
    'refuses calls beyond its slots with 503 OVERLOADED, and answers the rest',
    async () => {
      const held = Promise.withResolvers<void>();
      const fetch = async (): Promise<Response> => {
        await held.promise;
        return Response.json({ data: { product: null } });
      };
      const search = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch });
      const settings = {
        HOLDFAST_LIMITS: JSON.stringify({ atOnce: { read: 2 } }),
        HOLDFAST_SEARCH_URL: `http://127.0.0.1:${search.port}`,
      };
      await withGateway(settings, async ({ url, opsUrl }) => {
        const inside = ['a', 'b'].map((id) => asked(url, `{ product(id: "${id}") { id } }`));
        await eventually('the slots are taken', async () =>
          /calls_in_flight\{kind="read"[^}]*\} 2\n/.test(await metricsOf(opsUrl))
            ? true
            : undefined,
        );
        const refused = await asked(url);
        expect(refused.headers.get('retry-after')).toBe('1');
        await expectProblem(refused, 503, 'OVERLOADED');
        expect((await buyNothing(url)).status).toBe(400);
        held.resolve();
        expect(await statusesOf(inside)).toEqual({ 200: 2 });
        expect((await asked(url)).status).toBe(200);
      });
      await search.stop(true);
    },
    LIMIT_MS,
  );

  test(
    'is not full of callers whose bodies are not finished',
    async () => {
      const settings = { HOLDFAST_LIMITS: JSON.stringify({ atOnce: { checkout: 1 } }) };
      await withGateway(settings, async ({ url, opsUrl }) => {
        const slow = Array.from({ length: 20 }, () => unfinished(url));
        await eventually('their bodies are being read', async () =>
          /bodies_in_flight[^\n]* 20\n/.test(await metricsOf(opsUrl)) ? true : undefined,
        );
        expect((await buyNothing(url)).status).toBe(400);
        for (const socket of slow) socket.destroy();
      });
    },
    LIMIT_MS,
  );
});

describe('after too many wrong passwords', () => {
  const settings = (failedSignIns: object) => ({
    HOLDFAST_LIMITS: JSON.stringify({
      failedSignIns: { most: 3, windowSeconds: WINDOW_SECONDS, ...failedSignIns },
    }),
    HOLDFAST_TRUSTED_PROXIES: '1',
  });
  const signingIn =
    (url: string) =>
    (email: string, password: string, { from = '192.0.2.1', cookie = '' } = {}) =>
      fetch(`${url}/auth/sign-in/email`, {
        method: 'POST',
        headers: { ...JSON_TYPE, 'x-forwarded-for': from, ...(cookie && { cookie }) },
        body: JSON.stringify({ email, password }),
      });
  const WRONG = 'another password';
  const cookiesOf = ({ headers }: Response): string =>
    headers
      .getSetCookie()
      .map((one) => one.split(';')[0])
      .join('; ');

  limited(
    'an address is refused at the account, with the right password too; its owner signs in',
    settings({}),
    async ({ url }) => {
      const [mine, theirs] = [await newMember(shop), await newMember(shop)];
      const signIn = signingIn(url);
      for (let tries = 0; tries < 5; tries++) {
        expect((await signIn(mine.email, PASSWORD)).status).toBe(200);
      }
      const guesses = Array.from({ length: 8 }, () => signIn(mine.email, WRONG));
      expect(await statusesOf(guesses)).toEqual({ 401: 3, 429: 5 });
      const right = await signIn(mine.email, PASSWORD);
      expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(3_000);
      await expectProblem(right, 429, 'RATE_LIMITED');
      expect((await signIn(mine.email, PASSWORD, { from: '192.0.2.2' })).status).toBe(200);
      expect((await signIn(theirs.email, PASSWORD)).status).toBe(200);
      const stranger = newEmail();
      const anonymous = Array.from({ length: 4 }, () => signIn(stranger, 'a password'));
      expect(await statusesOf(anonymous)).toEqual({ 401: 3, 429: 1 });
    },
  );

  limited(
    'of many addresses unknown devices take turns, and a known one signs in',
    settings({ ofAccount: 6, turnSeconds: 60 }),
    async ({ url }) => {
      const { email } = await confirmedMember(shop);
      const signIn = signingIn(url);
      const known = cookiesOf(await signIn(email, PASSWORD));
      expect(known).toContain('device-');
      const guesses = Array.from({ length: 20 }, (_, at) =>
        signIn(email, WRONG, { from: `198.51.100.${at}` }),
      );
      expect(await statusesOf(guesses)).toEqual({ 401: 6, 429: 14 });
      const unknown = await signIn(email, PASSWORD, { from: '203.0.113.7' });
      expect(Number(unknown.headers.get('retry-after'))).toBeGreaterThan(14 * 60);
      await expectProblem(unknown, 429, 'RATE_LIMITED');
      const owner = { from: '203.0.113.7', cookie: known };
      expect((await signIn(email, PASSWORD, owner)).status).toBe(200);
      // A known device may guess as often as an address may.
      const own = Array.from({ length: 5 }, () => signIn(email, WRONG, owner));
      expect(await statusesOf(own)).toEqual({ 401: 3, 429: 2 });
    },
  );

  limited(
    'devices that a stranger collected before the address was confirmed are unknown ones',
    settings({ ofAccount: 3, turnSeconds: 60 }),
    async ({ url }) => {
      const { email } = await newMember(shop);
      const signIn = signingIn(url);
      const collected = await signIn(email, PASSWORD);
      expect([collected.status, cookiesOf(collected)]).toEqual([
        200,
        expect.not.stringContaining('device-'),
      ]);
      await confirmAddress(shop, email);
      const owned = cookiesOf(await signIn(email, PASSWORD));
      expect(owned).toContain('device-');
      const stranger = { from: '198.51.100.1', cookie: cookiesOf(collected) };
      const guesses = Array.from({ length: 4 }, () => signIn(email, WRONG, stranger));
      expect(await statusesOf(guesses)).toEqual({ 401: 3, 429: 1 });
      const other = await signIn(email, PASSWORD, {
        from: '198.51.100.2',
        cookie: stranger.cookie,
      });
      expect(other.status).toBe(429);
      expect((await signIn(email, PASSWORD, { cookie: owned })).status).toBe(200);
    },
  );

  limited(
    'a session still changes its password, and a new password by mail makes the device known',
    settings({ ofAccount: 3, turnSeconds: 60 }),
    async ({ url }) => {
      const { email, token } = await newMember(shop);
      const signIn = signingIn(url);
      const guesses = Array.from({ length: 6 }, (_, at) =>
        signIn(email, WRONG, { from: `198.51.100.${at}` }),
      );
      expect(await statusesOf(guesses)).toEqual({ 401: 3, 429: 3 });
      const post = (path: string, body: object, headers: Record<string, string> = {}) =>
        fetch(`${url}${path}`, {
          method: 'POST',
          headers: { ...JSON_TYPE, ...headers },
          body: JSON.stringify(body),
        });
      const passwords = { currentPassword: PASSWORD, newPassword: `${PASSWORD} changed` };
      const changed = await post('/auth/change-password', passwords, bearer(token));
      expect(changed.status).toBe(200);
      await post('/auth/request-password-reset', { email });
      const mailed = await mailedToken(shop, email, 'A new password');
      const body = { token: mailed, newPassword: PASSWORD };
      const cookie = cookiesOf(await post('/auth/reset-password', body));
      expect((await signIn(email, PASSWORD, { cookie })).status).toBe(200);
    },
  );
});

describe('after too many declines', () => {
  const declines = (...policies: [by: string, most: number][]) => ({
    HOLDFAST_LIMITS: JSON.stringify({
      declines: policies.map(([by, most]) => ({ by, most, windowSeconds: WINDOW_SECONDS })),
    }),
    HOLDFAST_TRUSTED_PROXIES: '1',
  });
  /** An address of this test alone: its count stays for an hour. */
  const anAddress = (): string =>
    `2001:db8:${crypto.randomUUID().slice(0, 4)}:${crypto.randomUUID().slice(0, 4)}::1`;
  const DECLINED = 'pm_card_visa_chargeDeclined';

  interface Paying {
    sku: string;
    card?: string;
    address?: string;
    email?: string;
    key?: string;
    /** Of an account's session. */
    token?: string;
  }
  const pay = (url: string, { sku, card = DECLINED, address, email, key, token }: Paying) =>
    fetch(`${url}/orders`, {
      method: 'POST',
      headers: {
        ...JSON_TYPE,
        'idempotency-key': key ?? crypto.randomUUID(),
        'x-forwarded-for': address ?? anAddress(),
        ...(token !== undefined && bearer(token)),
      },
      body: JSON.stringify({
        lines: [{ sku, quantity: 1 }],
        email: email ?? newEmail(),
        shippingAddress: ADDRESS,
        paymentMethod: card,
      }),
    });

  /** Sends again under the same key until it is decided, as a browser does. */
  const decided = (url: string, paying: Paying): Promise<number> => {
    const again = { key: crypto.randomUUID(), email: newEmail(), ...paying };
    return eventually('the checkout is decided', async () => {
      const { status } = await pay(url, again);
      return status === 202 ? undefined : status;
    });
  };

  test(
    'an account cannot pay from any address, and others can',
    async () => {
      const { sku } = await stockedWare(shop, 20);
      await withGateway(declines(['account', 3]), async ({ url }) => {
        const { token, email } = await newMember(shop);
        const key = crypto.randomUUID();
        const requested = [key, ...Array.from({ length: 5 }, () => crypto.randomUUID())];
        const answers = await Promise.all(
          requested.map((one) => pay(url, { sku, email, token, key: one })),
        );
        const statuses = answers.map(({ status }) => status);
        expect(statuses.filter((status) => status === 429)).toHaveLength(3);
        const refused = await pay(url, { sku, email, token, card: 'pm_card_visa' });
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(3_000);
        await expectProblem(refused, 429, 'TOO_MANY_DECLINES');
        // The same attempt again counts once and gets its response.
        const first = requested[statuses.findIndex((status) => status !== 429)];
        expect(await decided(url, { sku, email, token, key: first ?? '' })).toBe(402);
        expect(await decided(url, { sku, card: 'pm_card_visa' })).toBe(201);
      });
    },
    LIMIT_MS,
  );

  test(
    'a constant key with another e-mail or card each time gains nothing',
    async () => {
      const { sku } = await stockedWare(shop, 20);
      await withGateway(declines(['address', 2]), async ({ url }) => {
        const address = anAddress();
        const key = crypto.randomUUID();
        expect(await decided(url, { sku, address, key })).toBe(402);
        expect(await decided(url, { sku, address, key })).toBe(402);
        const refused = await pay(url, { sku, address, key, email: newEmail() });
        await expectProblem(refused, 429, 'TOO_MANY_DECLINES');
      });
    },
    LIMIT_MS,
  );

  test(
    'a challenge of the bank counts until it is answered',
    async () => {
      const { sku } = await stockedWare(shop, 20);
      const card = 'pm_card_authenticationRequired';
      await withGateway(declines(['address', 2]), async ({ url }) => {
        const address = anAddress();
        const first = await pay(url, { sku, address, card });
        const { id, accessToken } = (await first.json()) as { id: string; accessToken: string };
        expect((await pay(url, { sku, address, card })).status).toBe(202);
        const refused = await pay(url, { sku, address, card });
        await expectProblem(refused, 429, 'TOO_MANY_DECLINES');
        await authenticate(shop, id);
        const look = (): Promise<Response> =>
          fetch(`${url}/orders/${id}/payment`, {
            method: 'POST',
            headers: { ...JSON_TYPE, authorization: `Bearer ${accessToken}` },
            body: '{}',
          });
        await eventually('it is paid', async () => {
          const { status } = (await (await look()).json()) as { status: string };
          return ['confirmed', 'packing', 'shipped', 'delivered'].includes(status)
            ? true
            : undefined;
        });
        expect((await pay(url, { sku, address, card })).status).toBe(202);
      });
    },
    LIMIT_MS,
  );

  test(
    'an address cannot pay as any principal, and successful payments do not count',
    async () => {
      const { sku } = await stockedWare(shop, 20);
      await withGateway(declines(['address', 2]), async ({ url }) => {
        const address = anAddress();
        for (let paid = 0; paid < 3; paid++) {
          expect(await decided(url, { sku, address, card: 'pm_card_visa' })).toBe(201);
        }
        expect(await decided(url, { sku, address })).toBe(402);
        expect(await decided(url, { sku, address })).toBe(402);
        const refused = await pay(url, { sku, address, card: 'pm_card_visa' });
        await expectProblem(refused, 429, 'TOO_MANY_DECLINES');
        expect(await decided(url, { sku, card: 'pm_card_visa' })).toBe(201);
      });
    },
    LIMIT_MS,
  );
});
