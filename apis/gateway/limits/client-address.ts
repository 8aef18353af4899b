// Finds the client's network address: the socket's, or the one that trusted proxies have recorded.
import { isIP } from 'node:net';

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

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

const subjectOf = (address: string): string => {
  const plain = MAPPED.exec(address)?.[1] ?? address;
  return isIP(plain) === 6 ? networkOf(plain) : plain;
};

/**
 * Each trusted proxy appends the address it saw to X-Forwarded-For. The entries before those were
 * written by the caller and are ignored.
 */
export const clientAddress = (
  socketAddress: string,
  forwardedFor: string | null,
  trustedProxies: number,
): string => {
  if (trustedProxies === 0) return subjectOf(socketAddress);
  const seen = (forwardedFor ?? '').split(',').map((one) => one.trim());
  const claimed = seen.at(-trustedProxies) ?? '';
  return subjectOf(isIP(claimed) ? claimed : socketAddress);
};
