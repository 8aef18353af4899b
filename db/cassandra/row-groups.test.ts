// Tests how rows gather into groups, by partition and under load, and whom a failure reaches.
import { describe, expect, test } from 'bun:test';
import type { Statement } from './client.ts';
import { createRowGroups, type RowWrite } from './row-groups.ts';

/** Cassandra whose writes end when the test says so. */
const held = () => {
  const sent: { rows: string[]; end: PromiseWithResolvers<void> }[] = [];
  const group = (_name: string, statements: Statement[]): Promise<void> => {
    const end = Promise.withResolvers<void>();
    sent.push({ rows: statements.map(({ query }) => query), end });
    return end.promise;
  };
  return { sent, groups: createRowGroups({ group }) };
};

const row = (partition: string, name: string, length = 0): RowWrite => ({
  partition,
  statement: { query: name, params: ['x'.repeat(length)] },
});

describe('rows', () => {
  test('of an idle reader are written at once', () => {
    const { sent, groups } = held();
    void groups.put([row('a', 'a1'), row('b', 'b1'), row('a', 'a2')]);
    expect(sent.map(({ rows }) => rows)).toEqual([['a1', 'a2'], ['b1']]);
  });

  test('gather while eight groups are under way, and go together by partition', async () => {
    const { sent, groups } = held();
    for (let at = 0; at < 8; at++) void groups.put([row(`p${at}`, `p${at}`)]);
    const later = [groups.put([row('a', 'a1')]), groups.put([row('b', 'b1'), row('a', 'a2')])];
    expect(sent).toHaveLength(8);
    sent[0]?.end.resolve();
    await Bun.sleep(0);
    sent[1]?.end.resolve();
    await Bun.sleep(0);
    expect(sent.slice(8).map(({ rows }) => rows)).toEqual([['a1', 'a2'], ['b1']]);
    for (const { end } of sent) end.resolve();
    await Promise.all(later);
  });

  test('of one partition are split at 64 rows and at 128 KiB', () => {
    const { sent, groups } = held();
    void groups.put(Array.from({ length: 65 }, (_, at) => row('a', String(at))));
    void groups.put([row('b', 'b1', 100_000), row('b', 'b2', 100_000), row('b', 'b3', 300_000)]);
    expect(sent.map(({ rows }) => rows.length)).toEqual([64, 1, 1, 1, 1]);
  });

  test('fail with their group, and others do not', async () => {
    const { sent, groups } = held();
    const [one, two] = [groups.put([row('a', 'a1'), row('b', 'b1')]), groups.put([row('c', 'c1')])];
    sent[1]?.end.reject(new Error('no room'));
    sent[0]?.end.resolve();
    sent[2]?.end.resolve();
    expect(one).rejects.toThrow('no room');
    await two;
  });
});
