// Tests mutual TLS: only a peer with a certificate of the CA may send a request.
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

const statusFor = (tls: PeerTls | undefined): Promise<number | string> =>
  peerFetch(tls)(`https://localhost:${listener.port}/`).then(
    ({ status }) => status,
    () => 'refused',
  );

describe('a listener for peers', () => {
  test('answers a peer', async () => {
    expect(await statusFor(certified('peer', 'ours'))).toBe(200);
  });

  test('refuses a peer without a certificate, or with one of another CA', async () => {
    const before = heard;
    const foreign = certified('foreign', 'theirs');
    expect(await statusFor(undefined)).toBe('refused');
    expect(await statusFor(foreign)).toBe('refused');
    // A peer that trusts our CA still needs a certificate of our CA.
    expect(await statusFor({ ...foreign, ca: ours })).toBe('refused');
    const { ca } = foreign;
    const nothing = { cert: '', key: '', ca: ours };
    expect(await statusFor(nothing)).toBe('refused');
    expect([ca.length > 0, heard]).toEqual([true, before]);
  });

  test('is refused by a peer that trusts another CA', async () => {
    const peer = certified('peer-2', 'ours');
    expect(await statusFor({ ...peer, ca: certified('stranger', 'theirs').ca })).toBe('refused');
  });
});
