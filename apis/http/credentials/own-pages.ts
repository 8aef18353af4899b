// Tells which requests another site's page makes a browser send: by Origin and Sec-Fetch-Site.

/** True for a request that a page of another origin makes a browser send. */
export type IsForeign = (request: Request) => boolean;

const FOREIGN_SITES = ['cross-site', 'cross-origin'];
/** Methods that change nothing (RFC 9110, 9.2.1); a browser sends no Origin with most of them. */
const SAFE_METHODS = ['GET', 'HEAD', 'OPTIONS'];

/**
 * A browser sends Origin with every unsafe request, and other clients need not. Over http, which
 * only a local shop permits, any name by which the shop was reached is its own origin.
 */
export const foreignTo = (publicUrl: string): IsForeign => {
  const { origin, protocol } = new URL(publicUrl);
  return ({ method, headers }) => {
    if (FOREIGN_SITES.includes(headers.get('sec-fetch-site') ?? '')) return true;
    const from = headers.get('origin');
    if (from === null || from === origin || SAFE_METHODS.includes(method)) return false;
    return protocol === 'https:' || from !== `http://${headers.get('host')}`;
  };
};
