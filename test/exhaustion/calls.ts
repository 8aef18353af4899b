// One call of a modelled activity: what may be chosen for it, and what it then does.
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { refusalsOf } from '../../activities/refusal-codes.ts';
import { DomainError, type ErrorCode } from '../../domain/errors.ts';
import { CANCELLED, MEANWHILE, type Message } from './messages.ts';
import { ACTIVITIES, type Activity, type World } from './world.ts';

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

const activityOf = (name: string): Activity => {
  const activity = ACTIVITIES[name];
  if (!activity) throw new Error(`the model has no activity ${name}`);
  return activity;
};

/** What a call may come to in this world, the usual first. */
export const outcomesOf = (name: string, world: World): readonly string[] => {
  const { results = ['ok'], isDone, isSure } = activityOf(name);
  if (isSure) return results;
  const codes = isDone?.(world) ? [] : (refusalsOf(name) ?? []);
  const refused = codes.map((code) => `refuses ${code}`);
  const acts = Object.keys(name === 'authorizePayment' ? MEANWHILE : CANCELLED);
  return [...results, ...refused, 'fails', 'is lost', ...acts];
};

/** An attempt failed, and is retried as long as the call's time lasts. */
export class Failing extends Error {}

/** Where a call runs: in virtual time, or at the real server. */
export interface Place {
  world: World;
  /** Sends a message to the workflow, which has taken or refused it then. */
  send(message: Message): Promise<boolean>;
  /** True once the workflow has cancelled this call. */
  isCancelled(): Promise<boolean>;
}

const run = async (call: Call, { world, send, isCancelled }: Place): Promise<unknown> => {
  const { name, outcome } = call;
  const { results = ['ok'], apply } = activityOf(name);
  const input = call.input as Record<string, unknown>;
  if (outcome.startsWith('refuses ')) {
    throw new DomainError(outcome.slice('refuses '.length) as ErrorCode, outcome);
  }
  if (outcome === 'is lost') apply(world, input, results[0] ?? '');
  if (outcome === 'fails' || outcome === 'is lost') throw new Failing(outcome);
  const act = MEANWHILE[outcome];
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
export const perform = async (call: Call, place: Place): Promise<unknown> => {
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
