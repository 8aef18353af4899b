// Runs a workflow once in virtual time, with each choice taken from a script.
import { CancelledFailure, type RetryState } from '@temporalio/common';
import { DomainError } from '../../domain/errors.ts';
import type { OrderProgress } from '../../workflows/fulfill-order.contract.ts';
import { Failing, outcomesOf, perform, refusal, type Call } from './calls.ts';
import {
  messagesOf,
  repairsOf,
  stepsThatWait,
  type Attended,
  type Message,
  type Model,
} from './model.ts';
import * as runtime from './runtime.ts';

const { ActivityFailure, TimeoutFailure } = runtime;

const START_MS = Date.UTC(2026, 0, 1);
/** An order that takes more steps than this would never end. */
const STEPS_MAX = 400;

export interface Point {
  /** What was decided here: an activity's outcome, or what woke a wait. */
  name: string;
  options: readonly string[];
  taken: number;
}

/** A time at which nothing went on. */
export interface Wait {
  progress: OrderProgress;
  /** How many calls there were before. */
  calls: number;
  atMs: number;
  /** How long the next timer still took, in ms. */
  leftMs: number | undefined;
  /** The messages that ended it; none when the timer did. */
  sent: { name: string; isTaken: boolean }[];
}

export interface Ran<W extends Attended = Attended> {
  points: Point[];
  broken: string[];
  world: W;
  /** In the order in which they were made. */
  calls: Call[];
  waits: Wait[];
  returned?: unknown;
}

export type Workflow = (input: never) => Promise<unknown>;

/** A workflow with what the kit knows of it. */
export interface Explored<W extends Attended> {
  model: Model<W>;
  workflow: Workflow;
}

/** Sends a message to the workflow; false when it is refused. */
const send = <W extends Attended>(model: Model<W>, world: W, message: Message): boolean => {
  if (message.to === 'cancellation') {
    runtime.CancellationScope.current().cancel();
    return true;
  }
  const isTaken = runtime.deliver(message.to, ...message.args);
  if (isTaken) model.taken?.(world, message);
  return isTaken;
};

const NOTHING = 'nothing';

/** The end of a call that is retried for ever. */
const NEVER = new Promise<never>(() => undefined);

class Run<W extends Attended> {
  nowMs = START_MS;
  readonly points: Point[] = [];
  readonly calls: Call[] = [];
  readonly waits: Wait[] = [];
  readonly world: W;
  #pending = 0;
  constructor(
    readonly model: Model<W>,
    readonly script: readonly number[],
  ) {
    this.world = model.newWorld();
  }

  /** Takes the script's option at this point, the first one when the script has ended. */
  choose(name: string, options: readonly string[]): string {
    const taken = (this.script[this.points.length] ?? 0) % options.length;
    this.points.push({ name, options, taken });
    return options[taken] ?? '';
  }

  isLong(): boolean {
    return this.choose('its history', ['is short', 'is long']) === 'is long';
  }

  async activity(name: string, input: object, options: runtime.Options): Promise<unknown> {
    this.#pending++;
    try {
      await settled();
      // A call that is cancelled by the workflow task that makes it is never scheduled.
      if (isCancelled()) throw failed(name, new CancelledFailure('never'), 'CANCEL_REQUESTED');
      return await this.#call(name, input, options);
    } finally {
      this.#pending--;
    }
  }

  async #call(name: string, input: object, options: runtime.Options): Promise<unknown> {
    const { isLocal, patienceMs } = options;
    const outcome = this.choose(name, outcomesOf(this.model, name, this.world));
    const call: Call = { name, input, outcome, isLocal, patienceMs };
    this.calls.push(call);
    try {
      return await perform(call, {
        model: this.model,
        world: this.world,
        send: (message) => this.#sendMeanwhile(message),
        isCancelled: async () => isCancelled(),
      });
    } catch (error) {
      if (error instanceof Failing && patienceMs === Infinity) return NEVER;
      if (error instanceof Failing) this.nowMs += patienceMs;
      const [cause, state] = causeOf(error);
      throw isLocal ? cause : failed(name, cause, state);
    }
  }

  async #sendMeanwhile(message: Message): Promise<boolean> {
    const isTaken = send(this.model, this.world, message);
    runtime.wake();
    await settled();
    return isTaken;
  }

  /** Every step that waits for a person is in the record, and no other. */
  #assertListed(): void {
    const { attentions } = runtime.query('orderProgress') as OrderProgress;
    const waiting = attentions.map(({ step }) => step).sort();
    const listed = stepsThatWait(this.world)
      .map(({ step }) => step)
      .sort();
    if (waiting.join() === listed.join()) return;
    this.world.broken.push(`${waiting.join(', ')} wait; listed are ${listed.join(', ')}`);
  }

  /** A run that continues as new leaves nothing behind: calls of it would be forgotten. */
  assertIdle(): void {
    if (this.#pending > 0) this.world.broken.push(`${this.#pending} calls are left to a new run`);
    const [step] = stepsThatWait(this.world);
    if (step) this.world.broken.push(`a new run begins while ${step.step} waits`);
  }

  /** Wakes what waits: by a timer, by somebody, or not at all when there is nothing left. */
  advance(): boolean {
    if (this.#pending > 0 || runtime.wake()) return true;
    this.#assertListed();
    const timer = runtime.nextTimer();
    const { model, world } = this;
    const [repair] = Object.keys(repairsOf(world));
    const first = model.person?.(world) ?? repair;
    if (timer === undefined && first === undefined) return false;
    if (timer === undefined) world.broken.push(...(model.brokenWhileWaiting?.(world) ?? []));
    const names = Object.keys(messagesOf(model, world));
    const usual = timer === undefined ? (first ?? '') : NOTHING;
    const others = names.filter((name) => name !== usual);
    const woken = this.choose(`wait at ${model.statusOf(world)}`, [usual, ...others]);
    this.#end(woken, timer, first);
    return true;
  }

  /** Ends a wait. A message that is refused leaves one without a timer to the operator. */
  #end(woken: string, timer: number | undefined, first: string | undefined): void {
    const progress = runtime.query('orderProgress') as OrderProgress;
    const leftMs = timer === undefined ? undefined : timer - this.nowMs;
    const { length } = this.calls;
    const wait: Wait = { progress, calls: length, atMs: this.nowMs, leftMs, sent: [] };
    this.waits.push(wait);
    const messages = messagesOf(this.model, this.world);
    const deliver = (name: string): boolean => {
      const message = messages[name];
      const isTaken = message !== undefined && send(this.model, this.world, message);
      wait.sent.push({ name, isTaken });
      return isTaken;
    };
    if (woken === NOTHING) this.nowMs = timer ?? this.nowMs;
    else if (!deliver(woken) && timer === undefined) deliver(first ?? '');
    else if (timer !== undefined) this.nowMs = Math.min(timer, this.nowMs + 1);
  }
}

const isCancelled = (): boolean => runtime.CancellationScope.current().isCancelled;

/** What an activity's error is to the workflow. */
const causeOf = (error: unknown): [cause: Error, state: RetryState] => {
  if (error instanceof DomainError) return [refusal(error.code), 'NON_RETRYABLE_FAILURE'];
  if (error instanceof CancelledFailure) return [error, 'CANCEL_REQUESTED'];
  if (!(error instanceof Failing)) throw error;
  return [new TimeoutFailure('too late', undefined, 'SCHEDULE_TO_CLOSE'), 'TIMEOUT'];
};

const failed = (name: string, cause: Error, state: RetryState): Error =>
  new ActivityFailure('failed', name, '1', state, 'worker', cause);

/** Lets everything run that can: a task of the event loop comes after all that are resolved. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the workflow with this script; what the script does not say goes well. */
export const runOnce = async <W extends Attended>(
  { model, workflow }: Explored<W>,
  script: readonly number[],
  more: object = {},
): Promise<Ran<W>> => {
  const run = new Run(model, script);
  const { points, calls, waits, world } = run;
  const seen = { points, calls, waits, world };
  const session = runtime.open(run);
  const real = Date.now;
  Date.now = () => run.nowMs;
  const start = model.starts[run.choose('start', Object.keys(model.starts))];
  let ended: { returned?: unknown; failure?: string } | undefined;
  const begin = (input: object): Promise<unknown> =>
    session.root
      .run(() => workflow(input as never))
      .catch((error: unknown) => {
        if (!(error instanceof runtime.ContinueAsNew)) throw error;
        run.assertIdle();
        return begin(error.args[0] as object);
      });
  begin({ ...start, ...more }).then(
    (returned) => (ended = { returned }),
    (error: unknown) => (ended = { failure: error instanceof Error ? error.message : 'no error' }),
  );
  try {
    for (let step = 0; ended === undefined; step++) {
      await settled();
      if (ended !== undefined) break;
      if (step > STEPS_MAX) return { ...seen, broken: ['it never ends'] };
      if (!run.advance()) return { ...seen, broken: ['it waits for nothing'] };
    }
  } finally {
    Date.now = real;
  }
  const { returned, failure } = ended ?? {};
  const broken =
    failure === undefined
      ? [...world.broken, ...model.broken(world, returned)]
      : [`it failed: ${failure}`];
  return { ...seen, returned, broken: [...broken, ...session.failed] };
};
