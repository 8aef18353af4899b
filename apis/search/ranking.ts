// Scores how well a product matches words: by field, rarity and order of the words.
import {
  hasStem,
  hasToken,
  rankingFields,
  type RankingFields,
} from '../../db/cassandra/listing-text.ts';

/** A word counts by the strongest field that has it. */
const FIELD_WEIGHTS = { name: 10, label: 5, rest: 1 } as const;
/** The share of the name that the words cover: "Gravity Harness" before "Gravity Beam Rope". */
const COVERAGE_WEIGHT = 6;
/** All words beside each other, in their order, in the name. */
const PHRASE_WEIGHT = 8;
/** An exact name or sku ranks before everything else. */
export const EXACT_SCORE = 1_000_000;

export const fieldsOf = rankingFields;

const isInName = ({ name, nameParts }: RankingFields, word: string): boolean =>
  name.some((one) => hasStem(one, word)) || hasToken(nameParts, word);

/**
 * The weight of each word among the candidates: the fewer of them have it in their name or labels,
 * the higher (inverse document frequency). The cursor keeps the weights, so that all pages use the
 * same.
 */
export const wordWeights = (words: string[], products: RankingFields[]): number[] =>
  words.map((word) => {
    const having = products.filter((one) => isInName(one, word) || hasToken(one.labels, word));
    const weight = Math.log(1 + (products.length + 1) / (having.length + 1));
    return Math.round(weight * 1_000) / 1_000;
  });

const isPhraseIn = (name: string[], words: string[]): boolean =>
  words.length > 1 &&
  name.some((_, at) => words.every((word, offset) => hasStem(name[at + offset] ?? '', word)));

/** Higher is better; the same product, words and weights always have the same score. */
export const scoreOf = (fields: RankingFields, words: string[], weights: number[]): number => {
  const { name, labels, rest } = fields;
  const fieldOf = (word: string): number => {
    if (isInName(fields, word)) return FIELD_WEIGHTS.name;
    if (hasToken(labels, word)) return FIELD_WEIGHTS.label;
    return hasToken(rest, word) ? FIELD_WEIGHTS.rest : 0;
  };
  const matched = words.reduce((sum, word, at) => sum + fieldOf(word) * (weights[at] ?? 1), 0);
  const isCovered = (one: string): boolean => words.some((word) => hasStem(one, word));
  const covered = name.filter(isCovered).length / Math.max(name.length, 1);
  const phrase = isPhraseIn(name, words) ? PHRASE_WEIGHT : 0;
  return Math.round((matched + covered * COVERAGE_WEIGHT + phrase) * 1_000);
};
