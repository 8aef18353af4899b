// Waits for what the outside world does: its events say when to look, and a schedule does without.
import {
  allHandlersFinished,
  condition,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import { waitBeforeLook, type LookPhase } from '../../domain/looks.ts';
import { lookAgain } from '../fulfill-order.contract.ts';
import type { Attending } from './attending.ts';
import { ranOutOfTime } from './refusals.ts';

/** How far a workflow is with its looks; carried over when it continues as new. */
export interface Looks {
  /** Looks of the schedule that are over. */
  scheduled: number;
  /** Events that were received, and those that the last look has answered. */
  events: number;
  answered: number;
}

export const NO_LOOKS: Readonly<Looks> = { scheduled: 0, events: 0, answered: 0 };

/** Looks of a schedule in one run of a workflow; the next ones are made by a new run. */
const LOOKS_A_RUN = 20;

/** The schedule is over, and the outside world has not said what it waits for. */
class NotSeen extends Error {}

interface Looking<T> {
  schedule: readonly LookPhase[];
  /** How soon the first look comes without an event, in ms; the schedule's own time if absent. */
  firstMs?: number | undefined;
  /** Undefined while it goes on. */
  look(): Promise<T | undefined>;
  /** Continues the workflow as new, with its looks. */
  continueAsNew?(looks: Looks): Promise<never>;
}

/** Counts the events; set before anything is sent to the other side. */
export const setLookHandler = ({ looks }: Attending): void =>
  setHandler(lookAgain, () => void looks.events++);

/** The next wait ends at once, as if an event had come. */
export const lookAtOnce = (state: Attending): void => void state.looks.events++;

/** One that finds the other side away for its whole time is no failure: the next one is due. */
const lookOnce = async <T>({ look }: Looking<T>): Promise<T | undefined> => {
  try {
    return await look();
  } catch (error) {
    if (ranOutOfTime(error)) return undefined;
    throw error;
  }
};

interface Timer {
  isOver: boolean;
}

/** A timer that is never cancelled: an event does not begin a new one, which saves history. */
const timerOf = ({ schedule, firstMs }: Looking<unknown>, { scheduled }: Looks): Timer => {
  const waitMs = waitBeforeLook(schedule, scheduled, firstMs);
  if (waitMs === undefined) throw new NotSeen('the other side has not said what became of it');
  const timer = { isOver: false };
  void sleep(waitMs).then(() => (timer.isOver = true));
  return timer;
};

/** Nothing but the wait itself is left to do in this run. */
const isIdle = ({ waiting, open }: Attending): boolean =>
  waiting.length === 0 && open === 0 && allHandlersFinished();

/**
 * Looks after each event and at each time of the schedule until it is known what has become of it.
 * Throws when the schedule is over, and the look's refusals; the work that is tried again then
 * begins with a look.
 */
export const untilKnown = async <T>(state: Attending, looking: Looking<T>): Promise<T> => {
  const { looks } = state;
  const first = looks.scheduled;
  let next: Timer | undefined;
  try {
    for (;;) {
      const timer = (next ??= timerOf(looking, looks));
      await condition(() => timer.isOver || looks.events > looks.answered);
      if (timer.isOver) {
        looks.scheduled++;
        next = undefined;
      }
      looks.answered = looks.events;
      const known = await lookOnce(looking);
      if (known !== undefined) return known;
      const isLong =
        looks.scheduled - first >= LOOKS_A_RUN || workflowInfo().continueAsNewSuggested;
      if (isLong && isIdle(state)) await looking.continueAsNew?.({ ...looks });
    }
  } catch (error) {
    if (error instanceof NotSeen) looks.scheduled = 0;
    lookAtOnce(state);
    throw error;
  }
};
