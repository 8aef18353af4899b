// Tests that a wrong Idempotency-Key is refused by what is wrong with it.
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import { checkedKey, keyText, ORDER_KEY_LENGTH_MIN } from './idempotency-keys.ts';

const outcomeOf = (key: string, min?: number): string => {
  try {
    return checkedKey(key, min) === key ? 'taken' : 'changed';
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    expect([error.code, error.fields[0]?.path]).toEqual(['INVALID_INPUT', 'Idempotency-Key']);
    return error.fields[0]?.message.split(':')[0] ?? '';
  }
};

describe('a key', () => {
  const ROWS: [key: string, min: number, is: string][] = [
    ['', 1, 'is too short'],
    ['a', 1, 'taken'],
    ['~'.repeat(255), 1, 'taken'],
    ['a'.repeat(256), 1, 'is too long'],
    ['a b', 1, 'has other characters'],
    ['ä'.repeat(16), ORDER_KEY_LENGTH_MIN, 'has other characters'],
    ['a'.repeat(15), ORDER_KEY_LENGTH_MIN, 'is too short'],
    ['a'.repeat(16), ORDER_KEY_LENGTH_MIN, 'taken'],
    ['a'.repeat(255), ORDER_KEY_LENGTH_MIN, 'taken'],
  ];
  for (const [key, min, is] of ROWS) {
    test(`of ${key.length} characters, of ${min} at least: ${is}`, () => {
      expect(outcomeOf(key, min)).toBe(is);
      expect(keyText(min).safeParse(key).success).toBe(is === 'taken');
    });
  }
});
