// Tests that a rotation of service keys fails no call, however late a process reads the files.
import { afterAll, afterEach, beforeAll, describe, expect, setSystemTime, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { mintTokens, verifyTokens, type ServiceKey } from '../../apis/rpc/tokens.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { instanceAt, type Instance } from '../instance.ts';
import { keyFiles, rotateServiceKeys } from './service-keys.ts';

let home: string;
let instance: Instance;
beforeAll(() => {
  home = mkdtempSync(resolve(tmpdir(), 'holdfast-keys-'));
  instance = instanceAt(home, 30_000);
});
afterAll(() => rmSync(home, { recursive: true }));
afterEach(() => {
  setSystemTime();
});

const keysIn = (path: string): ServiceKey[] =>
  (JSON.parse(readFileSync(path, 'utf8')) as { keys: ServiceKey[] }).keys;

/** A process that reads its key file periodically and uses the last contents. */
const reader = (path: string, everySeconds: number) => {
  let keys = keysIn(path);
  return {
    keys: () => keys,
    read: (second: number): void => {
      if (second % everySeconds === 0) keys = keysIn(path);
    },
  };
};

describe('a rotation', () => {
  test('fails no call in twenty minutes, and ends with only the new keys', async () => {
    const { HOLDFAST_TOKEN_KEYS: own = '', HOLDFAST_TOKEN_JWKS: all } = keyFiles(
      instance,
      'gateway',
    );
    const minter = reader(own, 3);
    const verifier = reader(all, 7);
    const mint = mintTokens('gateway', minter.keys);
    const verify = verifyTokens('inventory', verifier.keys);
    const startedAt = Date.now();
    const kids = new Set<string>();
    for (let second = 0; second < 1_500; second++) {
      setSystemTime(startedAt + second * 1_000);
      if (second === 60 || second === 1_000) rotateServiceKeys(instance);
      // The minter reads a new key first, which is the worst order.
      minter.read(second);
      const token = await mint('inventory', DEFAULT_STORE);
      const header = JSON.parse(atob(token.split('.')[0] ?? '')) as { kid: string };
      kids.add(header.kid);
      expect((await verify(`Bearer ${token}`)).subject).toBe('gateway');
      verifier.read(second);
    }
    expect([...kids]).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
    expect(keysIn(own).map(({ kid }) => kid)).toEqual(['gateway-2', 'gateway-3']);
  });

  test('gives private keys only to their service and publishes none', () => {
    const { HOLDFAST_TOKEN_KEYS: own = '', HOLDFAST_TOKEN_JWKS: all } = keyFiles(
      instance,
      'worker',
    );
    expect(new Set(keysIn(own).map(({ sub }) => sub))).toEqual(new Set(['worker']));
    expect(keysIn(all).some((key) => 'd' in key)).toBe(false);
    expect(statSync(own).mode & 0o077).toBe(0);
    expect(keyFiles(instance, 'inventory')).not.toHaveProperty('HOLDFAST_TOKEN_KEYS');
  });
});
