// Mutual TLS between services: who shows no certificate of the same CA gets no word in.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { listen, type Listener } from '../http/server.ts';
import { peerFetch, type PeerTls } from './peer-tls.ts';

const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-peers-'));
const read = (name: string): string => readFileSync(resolve(folder, name), 'utf8');
const openssl = (...words: string[]): void => {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { cwd: folder });
  if (exitCode !== 0) throw new Error(stderr.toString());
};

/** A certificate signed by a CA of its own name. */
const certified = (name: string, ca: string): PeerTls => {
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const key = ['req', '-x509', ...curve, '-nodes', '-days', '1'];
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const own = ['-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', `/CN=${name}`];
  if (!new Set(made).has(ca)) {
    made.push(ca);
    openssl(...key, '-keyout', `${ca}.key`, '-out', `${ca}.pem`, '-subj', `/CN=${ca}`);
  }
  openssl(...key, ...own, ...names, '-CA', `${ca}.pem`, '-CAkey', `${ca}.key`);
  return { cert: read(`${name}.pem`), key: read(`${name}.key`), ca: read(`${ca}.pem`) };
};
const made: string[] = [];

let listener: Listener;
let heard = 0;
beforeAll(() => {
  const tls = certified('server', 'ours');
  listener = listen('127.0.0.1', 0, () => new Response(`heard ${++heard}`), tls);
});
afterAll(async () => {
  await listener.stop();
  rmSync(folder, { recursive: true });
});

const asks = (tls: PeerTls | undefined): Promise<number | string> =>
  peerFetch(tls)(`https://localhost:${listener.port}/`).then(
    ({ status }) => status,
    () => 'refused',
  );

describe('a listener for peers', () => {
  test('answers a peer', async () => {
    expect(await asks(certified('peer', 'ours'))).toBe(200);
  });

  test('hears nobody without a certificate, or with one of somebody else', async () => {
    const before = heard;
    const foreign = certified('foreign', 'theirs');
    expect(await asks(undefined)).toBe('refused');
    expect(await asks(foreign)).toBe('refused');
    // Trusting us is not enough: what is shown must be ours.
    expect(await asks({ ...foreign, ca: read('ours.pem') })).toBe('refused');
    const { ca } = foreign;
    const nothing = { cert: '', key: '', ca: read('ours.pem') };
    expect(await asks(nothing)).toBe('refused');
    expect([ca.length > 0, heard]).toEqual([true, before]);
  });

  test('is not believed by a peer that trusts somebody else', async () => {
    const peer = certified('peer-2', 'ours');
    expect(await asks({ ...peer, ca: read('theirs.pem') })).toBe('refused');
  });
});
