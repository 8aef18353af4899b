// Tests that the operators' page says how each attention comes about and what each action does.
import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ATTENTION_REASONS, refundOfStep, refundStep, REPAIR_ACTIONS } from './attention.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../docs/orders.md'), 'utf8');
const rows = PAGE.split('\n').filter((line) => /^\| `[A-Z_]+` \|/.test(line));
const cellsOf = (row: string): string[] => row.split('|').map((cell) => cell.trim());
const namesIn = (cell: string): string[] =>
  [...cell.matchAll(/`([a-z_]+)`/g)].map(([, n]) => n ?? '');

describe("the operators' page", () => {
  test('has a row for each reason, and no other', () => {
    const listed = rows.map((row) => cellsOf(row)[1]?.replaceAll('`', ''));
    expect(new Set(listed)).toEqual(new Set(ATTENTION_REASONS));
    expect(listed).toHaveLength(ATTENTION_REASONS.length);
  });

  test('says for each reason how it comes about and an action that is one', () => {
    for (const row of rows) {
      const [, reason, cause = '', actions = ''] = cellsOf(row);
      expect([reason, cause.length > 20]).toEqual([reason, true]);
      const named = namesIn(actions).filter((name) => name !== 'detail');
      expect([reason, named.length > 0]).toEqual([reason, true]);
      expect(REPAIR_ACTIONS as readonly string[]).toEqual(expect.arrayContaining(named));
    }
  });

  test('explains every action', () => {
    for (const action of REPAIR_ACTIONS) expect(PAGE).toContain(`\`${action}\``);
  });
});

test("a failed refund's step names it, and no other step does", () => {
  expect(refundOfStep(refundStep('ord_1/cancel'))).toBe('ord_1/cancel');
  expect(refundOfStep('undo: payment')).toBeUndefined();
});
