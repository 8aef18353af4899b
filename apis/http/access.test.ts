// Tests which tokens open an order.
import { describe, expect, test } from 'bun:test';
import { createHmac } from 'node:crypto';
import { newId } from '../../domain/ids.ts';
import { createOrderAccess } from './access.ts';

const SECRET = 'a secret of these tests';
const DAY_MS = 24 * 60 * 60_000;

const accessWith = (generations: Record<string, number> = {}) =>
  createOrderAccess(SECRET, {
    of: (id) => generations[id] ?? 0,
    revoke: async (id) => void (generations[id] = (generations[id] ?? 0) + 1),
  });

describe("an order's token", () => {
  const id = newId('order');

  test('opens its own order, and no other', () => {
    const access = accessWith();
    const token = access.tokenOf(id);
    expect(() => access.assertToken(token, id)).not.toThrow();
    expect(() => access.assertToken(token, newId('order'))).toThrow('no such order');
    expect(() => access.assertToken(`${token}x`, id)).toThrow('no such order');
  });

  test('is not given again by a repeated checkout once it was revoked', async () => {
    const access = accessWith();
    expect(access.placedTokenOf(id)).toBe(access.tokenOf(id));
    await access.revoke(id, 'guest');
    expect(access.placedTokenOf(id)).toBeUndefined();
  });

  test('of version 1.0 goes on', () => {
    const hash = createHmac('sha256', SECRET).update(id).digest('base64url');
    expect(accessWith().tokenOf(id)).toBe(`hfo_${hash}`);
  });

  test('ends when it is revoked, each time; the next one is another', async () => {
    const access = accessWith();
    const tokens = [access.tokenOf(id)];
    for (let times = 0; times < 2; times++) {
      await access.revoke(id, 'guest');
      for (const token of tokens) {
        expect(() => access.assertToken(token, id)).toThrow('no such order');
      }
      tokens.push(access.tokenOf(id));
      expect(() => access.assertToken(access.tokenOf(id), id)).not.toThrow();
    }
    expect(new Set(tokens).size).toBe(3);
  });

  test('ends a year after its order was placed', () => {
    const access = accessWith();
    const old = newId('order', Date.now() - 366 * DAY_MS);
    const recent = newId('order', Date.now() - 364 * DAY_MS);
    expect(() => access.assertToken(access.tokenOf(old), old)).toThrow('no such order');
    expect(() => access.assertToken(access.tokenOf(recent), recent)).not.toThrow();
  });
});
