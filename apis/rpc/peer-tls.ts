// Mutual TLS between services, by configuration: each shows a certificate that all of them trust.

/** PEM texts of this service's certificate, its key, and who signs those of the others. */
export interface PeerTls {
  cert: string;
  key: string;
  ca: string;
}

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

/** Fetches from peers; with `tls` it shows our certificate and takes only theirs. */
export const peerFetch =
  (tls: PeerTls | undefined): Fetch =>
  (url, init = {}) =>
    fetch(url, tls ? { ...init, tls: { ...tls, rejectUnauthorized: true } } : init);

/** What a listener for peers is told: nobody gets a word in without a certificate of the CA. */
export const peerListening = (tls: PeerTls) => ({
  ...tls,
  ...{ requestCert: true, rejectUnauthorized: true },
});
