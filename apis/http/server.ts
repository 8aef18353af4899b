// The HTTP listener: Bun.serve with limits, shared ports and a graceful end.
import type { Hono } from 'hono';
import { invalid } from '../../domain/errors.ts';
import { peerListening, type PeerTls } from '../rpc/peer-tls.ts';
import { problemOf } from './problems.ts';
import { IDLE_TIMEOUT_SECONDS, type Env } from './routes.ts';

/**
 * Above every limit of the app, so that the app refuses with a problem, not Bun with an empty body.
 */
const SERVER_BODY_BYTES_MAX = 110 * 1024 * 1024;

export interface Listener {
  port: number;
  stop(): Promise<void>;
}

interface Socket {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { address: string } | null;
}

/**
 * True for one host by which the URL can be read (RFC 9112, 3.2). Bun itself answers an HTTP/1.1
 * request without the header: 400, without a body.
 */
const hasOneHost = (request: Request): boolean => {
  const host = request.headers.get('host');
  return host !== null && !/[\s,]/.test(host) && URL.canParse(request.url);
};

const wrongHost = (): Response =>
  problemOf(invalid('Host', 'must be one host name or address'), crypto.randomUUID());

type FetchWithServer = (request: Request, server: Socket) => Response | Promise<Response>;

/**
 * Listens; several processes may share the port. `stop` lets running requests end. With `tls` only
 * peers with a certificate of the CA are served.
 */
export const listen = (
  host: string,
  port: number,
  fetch: FetchWithServer,
  tls?: PeerTls,
): Listener => {
  const server = Bun.serve({
    hostname: host,
    port,
    reusePort: true,
    idleTimeout: IDLE_TIMEOUT_SECONDS,
    maxRequestBodySize: SERVER_BODY_BYTES_MAX,
    // Its pages of errors are for developers.
    development: false,
    fetch: (request, self) => (hasOneHost(request) ? fetch(request, self) : wrongHost()),
    ...(tls && { tls: peerListening(tls) }),
  });
  return { port: server.port ?? port, stop: () => server.stop(false) };
};

export interface AppListening {
  host: string;
  port: number;
  tls?: PeerTls | undefined;
  /** The client's address by the socket and the headers; empty behind the gateway. */
  addressOf?: (peer: string, headers: Headers) => Promise<string>;
}

/** Listens with an app; `stop` lets running requests end. */
export const listenApp = (app: Hono<Env>, { host, port, tls, addressOf }: AppListening): Listener =>
  listen(
    host,
    port,
    async (request, server) => {
      const peer = server.requestIP(request)?.address ?? '';
      return app.fetch(request, {
        address: (await addressOf?.(peer, request.headers)) ?? '',
        timeout: (one, seconds) => server.timeout(one, seconds),
      });
    },
    tls,
  );
