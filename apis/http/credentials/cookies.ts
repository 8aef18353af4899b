// Writes and reads the shop's own cookies, and tells what another site's page makes a browser send.

/** The cookies of one shop. */
export interface Cookies {
  /** True for a request that a page of another origin makes a browser send. */
  isForeign(request: Request): boolean;
  /** The value of a cookie; undefined when it is absent, or when another site's page sends it. */
  read(request: Request, name: string): string | undefined;
  /** Set-Cookie: a session cookie without seconds, removed at once with 0. */
  write(name: string, value: string, seconds?: number): string;
}

const FOREIGN_SITES = ['cross-site', 'cross-origin'];
/** Methods that change nothing (RFC 9110, 9.2.1); a browser sends no Origin with most of them. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

const decoded = (value: string): string => {
  try {
    return decodeURIComponent(value);
  } catch {
    return '';
  }
};

const valueOf = (request: Request, wanted: string): string | undefined => {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, Math.max(at, 0)).trim();
    if (name === wanted) return decoded(pair.slice(at + 1).trim());
  }
  return undefined;
};

/**
 * Over TLS a browser enforces `__Host-`: no other host and no plain http can set such a cookie.
 * Over http, which only a local shop permits, cookies are of a host whatever its ports, so their
 * names have the port: two shops of one machine keep their own.
 */
const namingOf = ({ protocol, port }: URL) =>
  protocol === 'https:'
    ? (name: string) => `__Host-holdfast.${name}`
    : (name: string) => `holdfast.${name}.${port || 80}`;

/** A browser sends Origin with every unsafe request, and other clients need not. */
export const cookiesOf = (publicUrl: string): Cookies => {
  const url = new URL(publicUrl);
  const isSecure = url.protocol === 'https:';
  const fullName = namingOf(url);
  const isForeign: Cookies['isForeign'] = ({ method, headers }) => {
    if (FOREIGN_SITES.includes(headers.get('sec-fetch-site') ?? '')) return true;
    const from = headers.get('origin');
    if (from === null || from === url.origin || SAFE_METHODS.includes(method)) return false;
    // A local shop is its own origin by any name by which it was reached.
    return isSecure || from !== `http://${headers.get('host')}`;
  };
  return {
    isForeign,
    read: (request, name) => (isForeign(request) ? undefined : valueOf(request, fullName(name))),
    write: (name, value, seconds) =>
      [
        `${fullName(name)}=${value}`,
        'Path=/',
        'HttpOnly',
        'SameSite=Lax',
        ...(isSecure ? ['Secure'] : []),
        ...(seconds === undefined ? [] : [`Max-Age=${seconds}`]),
      ].join('; '),
  };
};
