// Reads the projector's metrics of the catalogue's messages, by outcome.
import { testInstance } from '../../../ops/instance.ts';
import { ROAD } from './witness.ts';

export interface Outcomes {
  applied: number;
  stale: number;
  dead: number;
  all: number;
}

const LINE = /^holdfast_projected_total\{([^}]*)\} (\d+)/gm;

/** Counts since its start; nothing while it is down. */
export const countedOutcomes = async (): Promise<Outcomes> => {
  const url = `http://127.0.0.1:${testInstance().port('projector-ops')}/metrics`;
  const text = await fetch(url).then(
    (response) => response.text(),
    () => '',
  );
  const counts: Outcomes = { applied: 0, stale: 0, dead: 0, all: 0 };
  for (const [, labels = '', count] of text.matchAll(LINE)) {
    if (!ROAD.some((topic) => labels.includes(`"${topic}"`))) continue;
    const outcome = /outcome="(applied|stale|dead)"/.exec(labels)?.[1] as keyof Outcomes;
    counts[outcome] += Number(count);
    counts.all += Number(count);
  }
  return counts;
};
