// Judges ranked results by the grades of their products.
import type { Judged } from './judged-queries.ts';

export const NDCG_AT = 10;
export const NDCG_MIN = 0.9;

/** Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002), gain 2^grade − 1. */
export const ndcg = ({ grades }: Judged, ids: number[]): number => {
  if (grades.size === 0) return ids.length === 0 ? 1 : 0;
  const gainOf = (list: number[]): number =>
    list.reduce((sum, grade, at) => sum + (2 ** grade - 1) / Math.log2(at + 2), 0);
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, NDCG_AT);
  return gainOf(ids.slice(0, NDCG_AT).map((id) => grades.get(id) ?? 0)) / gainOf(best);
};

export interface Score {
  judged: Judged;
  ids: number[];
  score: number;
}

export const scored = (judged: Judged, ids: number[]): Score => ({
  judged,
  ids,
  score: ndcg(judged, ids),
});

export const meanOf = (scores: Score[]): number =>
  scores.reduce((sum, { score }) => sum + score, 0) / scores.length;

/** The mean of each kind of query. */
export const meansByKind = (scores: Score[]): Map<string, number> => {
  const kinds = Map.groupBy(scores, ({ judged }) => judged.kind);
  return new Map([...kinds].map(([kind, list]) => [kind, meanOf(list)]));
};

/** Prints the means, and the queries below the aim. */
export const report = (scores: Score[]): void => {
  for (const { judged, ids, score } of scores) {
    if (score < NDCG_MIN) console.log(`  ${score.toFixed(2)} ${judged.query}: ${ids.join()}`);
  }
  for (const [kind, mean] of meansByKind(scores)) console.log(`  ${kind}: ${mean.toFixed(3)}`);
  console.log(`NDCG@10 over ${scores.length} queries: ${meanOf(scores).toFixed(3)}`);
};
