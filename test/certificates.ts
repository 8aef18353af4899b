// Makes certificates for tests of mutual TLS with openssl, in a temporary folder.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import type { PeerTls } from '../apis/rpc/peer-tls.ts';

export interface Certified extends PeerTls {
  /** The same as files. */
  files: PeerTls;
}

/** A certificate authority's key and certificate, and the certificates it signs, by name. */
export const certificates = () => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-peers-'));
  const authorities = new Set<string>();
  const openssl = (...words: string[]): void => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { cwd: folder });
    if (exitCode !== 0) throw new Error(stderr.toString());
  };
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const request = ['req', '-x509', ...curve, '-nodes', '-days', '1'];
  const as = (name: string): string[] => [
    ...['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`],
  ];
  const path = (file: string): string => resolve(folder, file);
  const read = (file: string): string => readFileSync(path(file), 'utf8');
  return {
    /** A certificate for this machine; its authority is made when it is first named. */
    certified: (name: string, ca: string): Certified => {
      if (!authorities.has(ca)) openssl(...request, ...as(ca));
      authorities.add(ca);
      const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
      openssl(...request, ...as(name), ...names, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`);
      const files = { cert: path(`${name}.pem`), key: path(`${name}.key`), ca: path(`${ca}.pem`) };
      return { files, cert: read(files.cert), key: read(files.key), ca: read(files.ca) };
    },
    remove: (): void => rmSync(folder, { recursive: true }),
  };
};
