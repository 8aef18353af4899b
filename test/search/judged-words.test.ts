// Tests the ranking of queries in many scripts and languages, without a read side.
import { expect, test } from 'bun:test';
import { EXACT_SCORE, scoreOf, wordWeights } from '../../apis/search/ranking.ts';
import { plainMeaning } from '../../apis/search/words.ts';
import { listingTextOf, rankingFields } from '../../db/cassandra/listing-text.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';
import type { Judged } from './judged-queries.ts';
import { judgedStores, type JudgedProduct, type JudgedStore } from './judged-words.ts';
import { meanOf, NDCG_MIN, report, scored, type Score } from './judging.ts';

const documentOf = ({ id, name, description, options }: JudgedProduct): ProductDocument => {
  const variants = Object.entries(options).flatMap(([option, values]) =>
    values.map((value) => ({ [option]: value })),
  );
  return {
    name,
    description,
    attributes: {},
    variants: variants.map((one, at) => ({ sku: `J-${id}-${at}`, title: '', options: one })),
  } as unknown as ProductDocument;
};

/** The products that have every word of the query, ranked as Search ranks them. */
const ranked = ({ language, products }: JudgedStore, { query }: Judged): number[] => {
  const meaning = plainMeaning(query, language);
  if (!meaning) return [];
  const { words, exact } = meaning;
  const texts = products.map((product) => ({
    id: product.id,
    ...listingTextOf(documentOf(product)),
  }));
  const found = texts.filter(({ tokens }) => words.of.every((word) => tokens.includes(word)));
  const fields = found.map(({ ranking }) => rankingFields(ranking));
  const weights = wordWeights(words.of, fields);
  return found
    .map(({ id, tokens }, at) => {
      const score = fields[at] ? scoreOf(fields[at], words.of, weights) : 0;
      return { id, score: score + (tokens.includes(exact) ? EXACT_SCORE : 0) };
    })
    .sort((a, b) => b.score - a.score || b.id - a.id)
    .map(({ id }) => id);
};

test('queries of words as the products have them find the intended ones first', () => {
  const scores = judgedStores.flatMap((store) =>
    store.queries.map((judged): Score => scored(judged, ranked(store, judged))),
  );
  const asWritten = scores.filter(({ ids }) => ids.length > 0);
  report(asWritten);
  // The others need what only the index knows: completions, spellings, and which words it has.
  expect(asWritten.length).toBeGreaterThanOrEqual(0.8 * scores.length);
  expect(meanOf(asWritten)).toBeGreaterThanOrEqual(NDCG_MIN);
});
