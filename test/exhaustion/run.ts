// Runs an order's workflow once in virtual time, with each choice taken from a script.
import { CancelledFailure, type RetryState } from '@temporalio/common';
import type { OrderStatus } from '../../domain/order.ts';
import { refusalsOf } from '../../activities/refusal-codes.ts';
import { DomainError } from '../../domain/errors.ts';
import type { FulfillOrderInput, OrderProgress } from '../../workflows/fulfill-order.contract.ts';
import * as runtime from './runtime.ts';
import {
  ACTIVITIES,
  brokenOf,
  brokenWhileWaiting,
  newWorld,
  stepsThatWait,
  type World,
} from './world.ts';

const { ActivityFailure, ApplicationFailure, TimeoutFailure } = runtime;

/** How long an activity is tried before it fails, in ms; longer than any payment window. */
const PATIENCE_MS = 3_600_000;
const WINDOW_MS = 900_000;
const START_MS = Date.UTC(2026, 0, 1);
/** An order that takes more steps than this would never end. */
const STEPS_MAX = 400;

export interface Point {
  /** What was decided here: an activity's outcome, or what woke a wait. */
  name: string;
  options: readonly string[];
  taken: number;
}

export interface Ran {
  points: Point[];
  broken: string[];
  world: World;
  /** The activities in the order of their calls, with their outcomes. */
  calls: string[];
}

export type Workflow = (input: FulfillOrderInput) => Promise<OrderStatus>;

const INPUT: FulfillOrderInput = {
  orderId: 'ord_1',
  storeId: 'sto_1',
  demand: [{ sku: 'A', quantity: 1 }],
  paymentWindowMs: WINDOW_MS,
  carrierPollMs: 200,
  voidPatienceMs: 600_000,
};

type Waker = [name: string, deliver: () => boolean];

/** Updates and signals that anyone may send at any time. */
const SENT: Record<string, () => boolean> = {
  cancel: () => runtime.deliver('cancelOrder'),
  "Temporal's cancellation": () => (runtime.CancellationScope.current().cancel(), true),
  'another card': () => runtime.deliver('providePayment', { paymentMethod: 'pm_2' }),
  'look again': () => runtime.deliver('paymentChanged'),
};

const ENDINGS = ['delivered', 'lost', 'returned_to_sender'];
/** Actions of an order's workflow; `cancel` and `readdress` are updates of their own. */
const REPAIRS = ['retry', 'skip', 'resolve', 'intercept', 'let_arrive', 'treat_as_return'];

/** What a step takes comes first. */
const ofStep = (actions: string[]): string[] =>
  REPAIRS.toSorted((a, b) => +actions.includes(b) - +actions.includes(a));

/** Each action of an operator on each step that waits: those that it takes, then the others. */
const repairsOf = (world: World): Waker[] =>
  [...world.attentions].flatMap(([attentionId, { step, actions }]) =>
    ofStep(actions).flatMap((action) =>
      (action === 'resolve' ? ENDINGS : ['']).map((ending) => {
        const repair = { attentionId, action, ...(ending && { ending }) };
        const name = `${action} ${ending} of ${step}`;
        const deliver = (): boolean => {
          const isTaken = runtime.deliver('repairOrder', repair);
          if (isTaken && ending === 'returned_to_sender') world.parcel = 'returned';
          return isTaken;
        };
        return [name, deliver] as Waker;
      }),
    ),
  );

interface Meanwhile {
  deliver(): void;
  /** It has its effect, and its response is lost when it is stopped. */
  end: 'done' | 'done and stopped' | 'stopped';
}

const ENDS = ['done', 'done and stopped', 'stopped'] as const;
const meanwhile = (what: string, deliver: () => void): Record<string, Meanwhile> =>
  Object.fromEntries(ENDS.map((end) => [`${what} meanwhile, and ${end}`, { deliver, end }]));

/** The shopper acts while an activity runs: it ends all the same, or is stopped. */
const CANCELLED = meanwhile('is cancelled', () => void runtime.deliver('cancelOrder'));
const REPLACED = meanwhile(
  'has another card',
  () => void runtime.deliver('providePayment', { paymentMethod: 'pm_3' }),
);
const MEANWHILE = { ...CANCELLED, ...REPLACED };

const NOTHING = 'nothing';

class Run {
  nowMs = START_MS;
  readonly points: Point[] = [];
  readonly calls: string[] = [];
  readonly world = newWorld();
  #pending = 0;
  constructor(readonly script: readonly number[]) {}

  /** Takes the script's option at this point, the first one when the script has ended. */
  choose(name: string, options: readonly string[]): string {
    const taken = (this.script[this.points.length] ?? 0) % options.length;
    this.points.push({ name, options, taken });
    return options[taken] ?? '';
  }

  async activity(name: string, input: object, isLocal: boolean): Promise<unknown> {
    this.#pending++;
    try {
      await Promise.resolve();
      return await this.#outcome(name, input as Record<string, unknown>, isLocal);
    } finally {
      this.#pending--;
    }
  }

  async #outcome(name: string, input: Record<string, unknown>, isLocal: boolean): Promise<unknown> {
    const activity = ACTIVITIES[name];
    if (!activity) throw new Error(`the model has no activity ${name}`);
    const { results = ['ok'], isDone, isSure, apply } = activity;
    const codes = isDone?.(this.world) ? [] : (refusalsOf(name) ?? []);
    const acts = Object.keys(name === 'authorizePayment' ? MEANWHILE : CANCELLED);
    const faults = [...codes.map((code) => `refuses ${code}`), 'fails', 'is lost', ...acts];
    const outcome = this.choose(name, isSure ? results : [...results, ...faults]);
    this.calls.push(`${name}: ${outcome}`);
    const failed = (cause: Error, state: RetryState): Error =>
      isLocal ? cause : new ActivityFailure('failed', name, '1', state, 'worker', cause);
    if (outcome.startsWith('refuses '))
      throw failed(refusal(outcome.slice(8)), 'NON_RETRYABLE_FAILURE');
    if (outcome === 'is lost') this.#apply(apply, input, results[0] ?? '', failed);
    if (outcome === 'fails' || outcome === 'is lost') {
      this.nowMs += PATIENCE_MS;
      throw failed(new TimeoutFailure('too late', undefined, 'SCHEDULE_TO_CLOSE'), 'TIMEOUT');
    }
    const act = MEANWHILE[outcome];
    if (!act) return this.#apply(apply, input, outcome, failed);
    act.deliver();
    runtime.wake();
    await settled();
    const isStopped = runtime.CancellationScope.current().isCancelled && act.end !== 'done';
    const isApplied = !isStopped || act.end !== 'stopped';
    const done = isApplied && this.#apply(apply, input, results[0] ?? '', failed);
    if (isStopped) throw failed(new CancelledFailure('stopped'), 'CANCEL_REQUESTED');
    return done;
  }

  #apply(
    apply: (typeof ACTIVITIES)[string]['apply'],
    input: Record<string, unknown>,
    result: string,
    failed: (cause: Error, state: RetryState) => Error,
  ): unknown {
    try {
      return apply(this.world, input, result);
    } catch (error) {
      if (error instanceof DomainError) throw failed(refusal(error.code), 'NON_RETRYABLE_FAILURE');
      throw error;
    }
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

  /** Wakes what waits: by a timer, by somebody, or not at all when there is nothing left. */
  advance(): boolean {
    if (this.#pending > 0 || runtime.wake()) return true;
    this.#assertListed();
    const timer = runtime.nextTimer();
    const repairs = repairsOf(this.world);
    const first = repairs[0];
    if (timer === undefined && !first) return false;
    if (timer === undefined) this.world.broken.push(...brokenWhileWaiting(this.world));
    const senders = new Map([...repairs, ...Object.entries(SENT)]);
    const usual = timer === undefined ? (first?.[0] ?? '') : NOTHING;
    const others = [...senders.keys()].filter((name) => name !== usual);
    const woken = this.choose(`wait at ${this.world.status}`, [usual, ...others]);
    if (woken === NOTHING) this.nowMs = timer ?? this.nowMs;
    else if (!senders.get(woken)?.() && timer === undefined) first?.[1]();
    else if (timer !== undefined) this.nowMs = Math.min(timer, this.nowMs + 1);
    return true;
  }
}

const refusal = (code: string): Error =>
  ApplicationFailure.create({ type: code, message: code.toLowerCase(), nonRetryable: true });

/** Lets everything run that can: a task of the event loop comes after all that are resolved. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Runs the workflow with this script; what the script does not say goes well. */
export const runOnce = async (workflow: Workflow, script: readonly number[]): Promise<Ran> => {
  const run = new Run(script);
  const { points, calls, world } = run;
  const session = runtime.open(run);
  const real = Date.now;
  Date.now = () => run.nowMs;
  const acceptedAtMs = run.choose('start', ['at once', 'late']) === 'late' ? 0 : START_MS;
  let ended: { returned?: unknown; failure?: string } | undefined;
  const main = session.root.run(() => workflow({ ...INPUT, acceptedAtMs }));
  main.then(
    (returned) => (ended = { returned }),
    (error: unknown) => (ended = { failure: error instanceof Error ? error.message : 'no error' }),
  );
  try {
    for (let step = 0; ended === undefined; step++) {
      await settled();
      if (ended !== undefined) break;
      if (step > STEPS_MAX) return { points, calls, world, broken: ['it never ends'] };
      if (!run.advance()) return { points, calls, world, broken: ['it waits for nothing'] };
    }
  } finally {
    Date.now = real;
  }
  const { returned, failure } = ended ?? {};
  const broken = failure === undefined ? brokenOf(world, returned) : [`it failed: ${failure}`];
  return { points, calls, world, broken: [...broken, ...session.failed] };
};
