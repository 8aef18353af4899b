// Tests that a store's language is read seldom, and never keeps a query from its answer.
import { expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { storeLanguages } from './languages.ts';

type Products = Parameters<typeof storeLanguages>[0];
const telemetry = createTelemetry('test', 'fatal');

const productsOf = (answers: (string | Error)[]) => {
  const calls: string[] = [];
  const products = {
    getSearchSettings: async (_request: unknown, options: { headers: Record<string, string> }) => {
      calls.push(Object.values(options.headers).join());
      const answer = answers[calls.length - 1];
      if (answer instanceof Error) throw answer;
      return { settings: { language: answer } };
    },
  } as unknown as Products;
  return { products, calls };
};

test('a language is read once for many queries, of each store by itself', async () => {
  const { products, calls } = productsOf(['de', 'fr']);
  const languageOf = storeLanguages(products, telemetry);
  const asked = await Promise.all(['sto_1', 'sto_1', 'sto_2', 'sto_1'].map(languageOf));
  expect(asked).toEqual(['de', 'de', 'fr', 'de']);
  expect(calls).toEqual(['sto_1', 'sto_2']);
});

test('without an answer, and with one of a later version, it is English', async () => {
  const away = new DomainError('UNAVAILABLE', 'Products is away');
  expect(await storeLanguages(productsOf([away]).products, telemetry)('sto_1')).toBe('en');
  expect(await storeLanguages(productsOf(['xx']).products, telemetry)('sto_1')).toBe('en');
});
