// Mutual TLS between services: who shows no certificate of the same CA gets no word in.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { certificates } from '../../test/certificates.ts';
import { listen, type Listener } from '../http/server.ts';
import { peerFetch, type PeerTls } from './peer-tls.ts';

const { certified, remove } = certificates();

let listener: Listener;
let heard = 0;
let ours: string;
beforeAll(() => {
  const tls = certified('server', 'ours');
  ours = tls.ca;
  listener = listen('127.0.0.1', 0, () => new Response(`heard ${++heard}`), tls);
});
afterAll(async () => {
  await listener.stop();
  remove();
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
    expect(await asks({ ...foreign, ca: ours })).toBe('refused');
    const { ca } = foreign;
    const nothing = { cert: '', key: '', ca: ours };
    expect(await asks(nothing)).toBe('refused');
    expect([ca.length > 0, heard]).toEqual([true, before]);
  });

  test('is not believed by a peer that trusts somebody else', async () => {
    const peer = certified('peer-2', 'ours');
    expect(await asks({ ...peer, ca: certified('stranger', 'theirs').ca })).toBe('refused');
  });
});
