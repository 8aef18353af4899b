// Finds the client's address: the socket's, the one that proxies recorded, or a page's shopper's.
import { BlockList, isIP } from 'node:net';
import { SERVICE_TOKEN_HEADER, SHOPPER_ADDRESS_HEADER } from '../../../domain/headers.ts';
import type { VerifyToken } from '../../rpc/tokens.ts';

/** Services whose pages call for many shoppers from one address. */
const PAGES: readonly string[] = ['storefront', 'console'];

const MAPPED = /^::ffff:([\da-f]{1,4}):([\da-f]{1,4})$/;
const BRACKETED = /^\[([^\]]+)\](?::\d{1,5})?$/;
const WITH_PORT = /^([\d.]+):\d{1,5}$/;

/** The IPv4 address inside of a mapped one, however it is written (RFC 4291, 2.5.5.2). */
const unmapped = (address: string): string => {
  const url = `http://[${address}]`;
  const written = URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : address;
  const [, high, low] = MAPPED.exec(written) ?? [];
  if (high === undefined || low === undefined) return address;
  const bytes = [high, low].flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
  return bytes.join('.');
};

/** The address of `1.2.3.4`, `1.2.3.4:567`, `::1` or `[::1]:443`; undefined for anything else. */
const addressIn = (text: string): string | undefined => {
  const trimmed = text.trim();
  const bare = (BRACKETED.exec(trimmed) ?? WITH_PORT.exec(trimmed))?.[1] ?? trimmed;
  return isIP(bare) === 6 ? unmapped(bare) : isIP(bare) === 4 ? bare : undefined;
};

/** The first four groups of an IPv6 address: one household, one subject. */
const networkOf = (address: string): string => {
  const [head = '', tail = ''] = address.toLowerCase().split('::');
  const [left, right] = [head, tail].map((part) => part.split(':').filter(Boolean));
  const missing = 8 - (left?.length ?? 0) - (right?.length ?? 0);
  const groups = address.includes('::')
    ? [...(left ?? []), ...Array.from({ length: missing }, () => '0'), ...(right ?? [])]
    : (left ?? []);
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
};

/** The `/48` of a client's address of IPv6, which one customer of a provider may have whole. */
export const siteOf = (address: string): string => {
  const [network, bits] = address.split('::');
  return bits === '/64' ? `${network?.split(':').slice(0, 3).join(':')}::/48` : address;
};

const subjectOf = (address: string): string => (isIP(address) === 6 ? networkOf(address) : address);

export interface TrustedProxies {
  /** So many proxies are in front, whatever their addresses. */
  count: number;
  /** Proxies in front of those, by the networks that they are in (CIDR). */
  networks: readonly string[];
}

/** True for an address in one of the networks. */
const membership = (networks: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return (address) => list.check(address, familyOf(address));
};

/**
 * Each trusted proxy appends the address it saw to X-Forwarded-For, so the list is read from its
 * end: past the counted proxies, then past addresses in trusted networks. The entries before the
 * first other address were written by the caller and are ignored.
 */
export const forwardedAddresses = ({ count, networks }: TrustedProxies) => {
  const isTrusted = membership(networks);
  return (socket: string, forwardedFor: string | null): string => {
    const peer = addressIn(socket) ?? socket;
    const entries = (forwardedFor ?? '').split(',');
    const counted = count === 0 ? peer : addressIn(entries.at(-count) ?? '');
    if (counted === undefined) return subjectOf(peer);
    let address = counted;
    for (const entry of entries.slice(0, entries.length - count).toReversed()) {
      const next = isTrusted(address) ? addressIn(entry) : undefined;
      if (next === undefined) break;
      address = next;
    }
    return subjectOf(address);
  };
};

/**
 * The client's address for the limits. A page's own service, by its token, names the shopper that
 * it calls for; without a valid token that header is the caller's own, and is ignored.
 */
export const addressing = (proxies: TrustedProxies, verify: VerifyToken) => {
  const forwarded = forwardedAddresses(proxies);
  return async (socket: string, headers: Headers): Promise<string> => {
    const named = addressIn(headers.get(SHOPPER_ADDRESS_HEADER) ?? '');
    const token = headers.get(SERVICE_TOKEN_HEADER);
    if (named !== undefined && token !== null) {
      const caller = await verify(`Bearer ${token}`).catch(() => undefined);
      if (caller && PAGES.includes(caller.subject)) return subjectOf(named);
    }
    return forwarded(socket, headers.get('x-forwarded-for'));
  };
};
