// One call of a modelled activity: what may be chosen for it, and what it then does.
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { refusalsOf } from '../../activities/refusal-codes.ts';
import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import type { Activity, Attended, Message, Model } from './model.ts';

export interface Call {
  name: string;
  input: unknown;
  /** What was chosen for it. */
  outcome: string;
  isLocal: boolean;
  /** How long it is tried, in ms. */
  patienceMs: number;
  /** The message that was sent while it ran was taken. */
  isTaken?: boolean;
  /** It was cancelled while it ran. */
  isCancelled?: boolean;
  /** Its result, or the message of its error. */
  ended?: unknown;
}

const activityOf = <W extends Attended>({ activities }: Model<W>, name: string): Activity<W> => {
  const activity = activities[name];
  if (!activity) throw new Error(`the model has no activity ${name}`);
  return activity;
};

/** What a call may come to in this world, the usual first. */
export const outcomesOf = <W extends Attended>(
  model: Model<W>,
  name: string,
  world: W,
): readonly string[] => {
  const { results = ['ok'], isDone, isSure } = activityOf(model, name);
  if (isSure) return results;
  const codes = isDone?.(world) ? [] : (refusalsOf(name) ?? []);
  const refused = codes.map((code) => `refuses ${code}`);
  return [...results, ...refused, 'fails', 'is lost', ...Object.keys(model.meanwhile(name))];
};

/** An attempt failed, and is retried as long as the call's time lasts. */
export class Failing extends Error {}

/** Where a call runs: in virtual time, or at the real server. */
export interface Place<W extends Attended> {
  model: Model<W>;
  world: W;
  /** Sends a message to the workflow, which has taken or refused it then. */
  send(message: Message): Promise<boolean>;
  /** True once the workflow has cancelled this call. */
  isCancelled(): Promise<boolean>;
}

const run = async <W extends Attended>(
  call: Call,
  { model, world, send, isCancelled }: Place<W>,
): Promise<unknown> => {
  const { name, outcome } = call;
  const { results = ['ok'], apply } = activityOf(model, name);
  const input = call.input as Record<string, unknown>;
  if (outcome.startsWith('refuses ')) {
    throw new DomainError(outcome.slice('refuses '.length) as ErrorCode, outcome);
  }
  if (outcome === 'is lost') apply(world, input, results[0] ?? '');
  if (outcome === 'fails' || outcome === 'is lost') throw new Failing(outcome);
  const act = model.meanwhile(name)[outcome];
  if (!act) return apply(world, input, outcome);
  call.isTaken = await send(act.message);
  call.isCancelled = await isCancelled();
  const isStopped = call.isCancelled && act.end !== 'done';
  const isApplied = !isStopped || act.end !== 'stopped';
  const done = isApplied && apply(world, input, results[0] ?? '');
  if (isStopped) throw new CancelledFailure('stopped');
  return done;
};

/** Does what was chosen for a call, and records how it ended. */
export const perform = async <W extends Attended>(
  call: Call,
  place: Place<W>,
): Promise<unknown> => {
  try {
    return (call.ended = await run(call, place));
  } catch (error) {
    call.ended = error instanceof Error ? error.message : 'no error';
    throw error;
  }
};

/** As `activities/refusals.ts` translates it. */
export const refusal = (code: string): ApplicationFailure =>
  ApplicationFailure.create({ type: code, message: code.toLowerCase(), nonRetryable: true });
