// The overload drill: offers twice the gateway's capacity and measures the goodput.
import { runOverload, type Overloaded, type Round } from '../../test/drills/overload.ts';
import type { Shop } from '../../test/support/shop.ts';

const RATIO_AIM = 0.9;
const RECOVERY_SECONDS_MAX = 30;

/** Goodput under twice the load, as a ratio to the mean capacity before and after. */
const ratioOf = ({ before, goodput, after }: Round): number => (2 * goodput) / (before + after);

const median = (values: number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const linesOf = ({ levels, rounds, outcomes, sold, units, broken }: Overloaded): string[] => [
  ...Object.entries(levels).map(
    ([callers, perSecond]) =>
      `${callers} concurrent: ${Math.round(perSecond)} successful per second`,
  ),
  ...rounds.map((round) => {
    const [before, goodput, after] = [round.before, round.goodput, round.after].map(Math.round);
    const done = `${goodput} a second of ${before} and ${after}: ${ratioOf(round).toFixed(2)}`;
    return `${done}; recovered after ${round.recoverySeconds.toFixed(1)} s`;
  }),
  Object.entries(outcomes)
    .map(([name, count]) => `${count} ${name}`)
    .join(', '),
  `goodput at twice the capacity: ${median(rounds.map(ratioOf)).toFixed(2)} (aim ${RATIO_AIM})`,
  `sold ${sold} of ${units}`,
  ...broken.map((one) => `  ${one}`),
];

/** Returns the exit code: 1 when the ratio is below nine tenths, or a promise was broken. */
export const drillOverload = async (shop: Shop): Promise<number> => {
  const result = await runOverload(shop);
  for (const line of linesOf(result)) console.log(line);
  const { rounds, sold, units, broken } = result;
  const hasRecovered = rounds.every((one) => one.recoverySeconds <= RECOVERY_SECONDS_MAX);
  const isShed = median(rounds.map(ratioOf)) >= RATIO_AIM && hasRecovered;
  return isShed && sold <= units && broken.length === 0 ? 0 : 1;
};
