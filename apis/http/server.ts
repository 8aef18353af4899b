// The listener every HTTP door shares: Bun.serve with limits, shared ports and a graceful end.

import { peerListening, type PeerTls } from '../rpc/peer-tls.ts';

/** Above every limit of our own, so that the refusal is ours and not an empty answer. */
const SERVER_BODY_BYTES_MAX = 110 * 1024 * 1024;
const IDLE_TIMEOUT_SECONDS = 30;

export interface Listener {
  port: number;
  stop(): Promise<void>;
}

interface Socket {
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { address: string } | null;
}

export type FetchWithServer = (request: Request, server: Socket) => Response | Promise<Response>;

/**
 * Listens; several processes may share the port. `stop` lets running requests end. With `tls` only
 * peers are served, which show a certificate of their own.
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
    fetch: (request, self) => fetch(request, self),
    ...(tls && { tls: peerListening(tls) }),
  });
  return { port: server.port ?? port, stop: () => server.stop(false) };
};
