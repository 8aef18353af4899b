// Tests whose address a call counts for: behind proxies, and called by a page of ours.
import { beforeAll, describe, expect, test } from 'bun:test';
import { generateKeyPairSync } from 'node:crypto';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import { appOf } from '../../http/app.ts';
import { media } from '../../http/routes.ts';
import { mintTokens, verifyTokens, type ServiceKey } from '../../rpc/tokens.ts';
import { addressing, forwardedAddresses, siteOf } from './client-address.ts';
import { createConcurrencyLimits } from './concurrency-limits.ts';
import { gateOf } from './gate.ts';
import { createSubjectLimit, createBodyLimits } from './in-flight.ts';
import { createLocalRates } from './local-rates.ts';
import { limitsOf } from './profiles.ts';
import { createRates } from './rates.ts';

const SOCKET = '198.51.100.7';
const PROXY = '10.1.2.3';
const CLIENT = '203.0.113.9';

describe("a client's address", () => {
  test.each([
    ['2001:db8:7:1::/64', '2001:db8:7::/48'],
    ['2001:db8:0:0::/64', '2001:db8:0::/48'],
    ['192.0.2.1', '192.0.2.1'],
    ['unknown', 'unknown'],
  ])('%s is of the site %s', (address, site) => {
    expect(siteOf(address)).toBe(site);
  });

  type Row = [name: string, socket: string, forwarded: string | null, proxies: number, is: string];
  const COUNTED: Row[] = [
    ['is the socket where no proxy is trusted', SOCKET, CLIENT, 0, SOCKET],
    ['is the one that the proxy recorded', SOCKET, CLIENT, 1, CLIENT],
    ['is not the one that the caller wrote', SOCKET, `10.9.9.9, ${CLIENT}`, 1, CLIENT],
    ['is the first of two proxies', SOCKET, `1.1.1.1, ${CLIENT}, 10.0.0.2`, 2, CLIENT],
    ['is the socket where proxies recorded nothing', SOCKET, null, 1, SOCKET],
    ['is the socket where too few proxies recorded one', SOCKET, CLIENT, 2, SOCKET],
    ['is the socket where proxies recorded no address', SOCKET, 'unknown', 1, SOCKET],
    ['is recorded with a port', SOCKET, `${CLIENT}:50123`, 1, CLIENT],
    ['is of IPv6, recorded with a port', SOCKET, '[2001:db8::1]:443', 1, '2001:db8:0:0::/64'],
    ['is of IPv6, recorded in brackets', SOCKET, '[2001:db8::1]', 1, '2001:db8:0:0::/64'],
    ['is of IPv6, recorded bare', SOCKET, '2001:db8:0:7::1', 1, '2001:db8:0:7::/64'],
    ['is IPv4 that is recorded as mapped', SOCKET, `[::ffff:${CLIENT}]:1`, 1, CLIENT],
    ['is the IPv4 address inside a mapped one', `::ffff:${SOCKET}`, null, 0, SOCKET],
    ['is the IPv4 address mapped in hexadecimal', '::ffff:c633:6407', null, 0, SOCKET],
    ['is the IPv4 address mapped at full length', '0:0:0:0:0:ffff:c633:6407', null, 0, SOCKET],
    ['is the network of an IPv6 address', '2001:db8:0:7::1', null, 0, '2001:db8:0:7::/64'],
    ['is one for a whole network', '2001:db8::7:99', null, 0, '2001:db8:0:0::/64'],
  ];
  for (const [name, socket, forwarded, count, is] of COUNTED) {
    test(name, () => {
      expect(forwardedAddresses({ count, networks: [] })(socket, forwarded)).toBe(is);
    });
  }

  const NETWORKS = ['10.0.0.0/8', '2001:db8:ffff::/48'];
  const BY_NETWORK: Row[] = [
    ['is recorded by a proxy of a trusted network', PROXY, CLIENT, 0, CLIENT],
    ['is not what another caller wrote', SOCKET, CLIENT, 0, SOCKET],
    ['is not what the caller of a proxy wrote', PROXY, `1.1.1.1, ${CLIENT}`, 0, CLIENT],
    ['is found past several proxies', PROXY, `1.1.1.1, ${CLIENT}, 10.0.0.2, 10.0.0.3`, 0, CLIENT],
    ['is the proxy that recorded nothing', PROXY, null, 0, PROXY],
    ['is the last proxy before no address', PROXY, 'unknown, 10.0.0.2', 0, '10.0.0.2'],
    ['is recorded by a proxy of IPv6', '2001:db8:ffff::1', `${CLIENT}:1`, 0, CLIENT],
    ['is recorded by a proxy that is mapped', `::ffff:${PROXY}`, CLIENT, 0, CLIENT],
    ['is found past a counted proxy, then by network', SOCKET, `${CLIENT}, ${PROXY}`, 1, CLIENT],
  ];
  for (const [name, socket, forwarded, count, is] of BY_NETWORK) {
    test(`${name}, by networks`, () => {
      expect(forwardedAddresses({ count, networks: NETWORKS })(socket, forwarded)).toBe(is);
    });
  }
});

const newKey = (sub: string): ServiceKey => {
  const jwk = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  return { ...jwk, kid: sub, sub, signsFrom: 0 };
};
const KEYS = ['storefront', 'console', 'orders'].map(newKey);
const PUBLIC_KEYS = KEYS.map(({ d: _, ...key }) => key as ServiceKey);
const FORGED = newKey('storefront');
const addressOf = addressing(
  { count: 0, networks: [] },
  verifyTokens('gateway', () => PUBLIC_KEYS),
);
const named = (token: string | undefined, shopper: string): Headers =>
  new Headers({
    'holdfast-shopper-address': shopper,
    ...(token !== undefined && { 'holdfast-service-token': token }),
  });

describe("a shopper's address that is named", () => {
  const tokens: Record<string, string> = {};
  beforeAll(async () => {
    for (const { sub } of KEYS) {
      tokens[sub] = await mintTokens(sub, () => KEYS)('gateway', DEFAULT_STORE);
      tokens[`${sub}, for another`] = await mintTokens(sub, () => KEYS)('orders', DEFAULT_STORE);
    }
    tokens['a forger'] = await mintTokens('storefront', () => [FORGED])('gateway', DEFAULT_STORE);
  });

  for (const sub of ['storefront', 'console']) {
    test(`counts when the ${sub} names it`, async () => {
      expect(await addressOf(SOCKET, named(tokens[sub], CLIENT))).toBe(CLIENT);
      const six = await addressOf(SOCKET, named(tokens[sub], '[2001:db8::1]:443'));
      expect(six).toBe('2001:db8:0:0::/64');
      expect(await addressOf(SOCKET, named(tokens[sub], 'unknown'))).toBe(SOCKET);
    });
  }

  for (const who of ['orders', 'storefront, for another', 'a forger', 'nothing']) {
    test(`is ignored with the token of ${who}`, async () => {
      expect(await addressOf(SOCKET, named(tokens[who], CLIENT))).toBe(SOCKET);
    });
  }

  test('is limited while another is served', async () => {
    const telemetry = createTelemetry('address-test', 'silent');
    const local = createLocalRates(() => 0);
    const policies = [
      { name: 'address', by: 'address', kinds: ['read'], quota: 3, windowSeconds: 60 },
    ] as const;
    const store = {
      take: async (...taken: Parameters<typeof local.take>) => local.take(...taken),
    } as Parameters<typeof createRates>[1];
    const own = policies.map((one) => ({ ...one, kinds: [...one.kinds] }));
    const { atOnce, atOnceByAddress } = limitsOf('local', {});
    const app = appOf({
      routes: [
        {
          method: 'get',
          path: '/page',
          summary: 'A page.',
          needs: 'public',
          response: media('text/plain'),
          statuses: {},
          handler: async () => new Response('a page'),
        },
      ],
      telemetry,
      authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
      gate: gateOf({
        rates: createRates(own, store, telemetry),
        limits: createConcurrencyLimits(atOnce, telemetry),
        addresses: createSubjectLimit(atOnceByAddress),
        streams: createSubjectLimit(atOnceByAddress),
        uploads: createSubjectLimit(atOnceByAddress),
        bodies: createBodyLimits(telemetry),
      }),
    });
    const read = async (shopper: string, token = tokens['storefront']): Promise<number> => {
      const headers = named(token, shopper);
      const address = await addressOf(SOCKET, headers);
      return (await app.request('http://shop.example/page', { headers }, { address })).status;
    };
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++) statuses.push(await read(CLIENT));
    expect(statuses).toEqual([200, 200, 200, 429]);
    expect(await read('203.0.113.10')).toBe(200);
    const without: number[] = [];
    for (let at = 0; at < 4; at++) without.push(await read(`192.0.2.${at}`, 'none'));
    expect(without).toEqual([200, 200, 200, 429]);
  });
});
