// Tests how full a server of carts is, by what it says of its memory.
import { expect, test } from 'bun:test';
import { usedShareOf } from './carts.ts';

test('a server is as full as it says, and never full without a limit', () => {
  const info = '# Memory\r\nused_memory:950\r\nused_memory_human:950B\r\nmaxmemory:1000\r\n';
  expect(usedShareOf(info)).toBe(0.95);
  expect(usedShareOf('used_memory:950\r\nmaxmemory:0\r\n')).toBe(0);
});
