// Tests that the words of a catalogue are written once, and again after a failure.
import { describe, expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import type { Cassandra } from './client.ts';
import { rememberWords } from './terms.ts';

const WORDS = ['lamp', 'oak'].map((word) => ({ word, stem: word, isLabel: false }));

/** Cassandra that counts what is run, and fails the first `failures` times. */
const counting = (failures = 0) => {
  const run: string[] = [];
  const remember = rememberWords({
    run: async (_name, _query, params) => {
      run.push(String(params[2]));
      await Bun.sleep(0);
      if (run.length <= failures) throw new DomainError('UNAVAILABLE', 'is away');
      return [];
    },
  } as Partial<Cassandra> as Cassandra);
  return { run, remember };
};

describe('the words of products', () => {
  test('are written once, also by products that are projected at the same time', async () => {
    const { run, remember } = counting();
    await Promise.all([remember('sto_1', WORDS), remember('sto_1', WORDS)]);
    await remember('sto_1', WORDS);
    expect(run.toSorted()).toEqual(['lamp', 'oak']);
    await remember('sto_2', WORDS);
    expect(run).toHaveLength(4);
  });

  test('are written again when a write has failed, and every product of them fails', async () => {
    const { run, remember } = counting(2);
    const both = await Promise.allSettled([remember('sto_1', WORDS), remember('sto_1', WORDS)]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await remember('sto_1', WORDS);
    expect(run.toSorted()).toEqual(['lamp', 'lamp', 'oak', 'oak']);
  });
});
