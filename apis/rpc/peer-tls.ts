// Configures mutual TLS between services: each has a certificate of a common CA.

/** PEM texts of this service's certificate, its key, and the CA of the others. */
export interface PeerTls {
  cert: string;
  key: string;
  ca: string;
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Fetches from peers; with `tls` it sends our certificate and accepts only the CA's. */
export const peerFetch =
  (tls: PeerTls | undefined): Fetch =>
  (url, init = {}) =>
    fetch(url, tls ? { ...init, tls: { ...tls, rejectUnauthorized: true } } : init);

/** The TLS options of a listener for peers, which refuses callers without the CA's certificate. */
export const peerListening = (tls: PeerTls) => ({
  ...tls,
  requestCert: true,
  rejectUnauthorized: true,
});
