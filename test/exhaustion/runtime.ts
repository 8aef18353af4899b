// A stand-in for @temporalio/workflow in virtual time: what our workflows use of it, and no more.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  TimeoutFailure,
  type ActivityOptions,
} from '@temporalio/common';
import { msToNumber } from '@temporalio/common/lib/time';

export { ActivityFailure, ApplicationFailure, TimeoutFailure };

type Work<T> = () => Promise<T>;

export interface Options {
  isLocal: boolean;
  /** How long all attempts together may take, in ms. */
  patienceMs: number;
}

/** What a run of a workflow is asked by the stand-in. */
export interface Host {
  nowMs: number;
  isLong(): boolean;
  /** Runs an activity to its end, in no time. */
  activity(name: string, input: object, options: Options): Promise<unknown>;
}

interface Waiting {
  isTrue(): boolean;
  atMs: number | undefined;
  scope: CancellationScope;
  resolve(isTrue: boolean): void;
  reject(error: Error): void;
}

interface Handler {
  run(...args: unknown[]): unknown;
  validate(...args: unknown[]): void;
}

/** One run's state; only one run at a time. */
class Session {
  readonly waiting = new Set<Waiting>();
  readonly handlers = new Map<string, Handler>();
  running = 0;
  /** Updates that failed otherwise than by a refusal of their own. */
  readonly failed: string[] = [];
  readonly root: CancellationScope;
  constructor(readonly host: Host) {
    this.root = new CancellationScope();
  }
}

const scopes = new AsyncLocalStorage<CancellationScope>();
let session: Session;

export const open = (host: Host): Session => (session = new Session(host));

const cancelledError = (): CancelledFailure => new CancelledFailure('the scope was cancelled');

export class CancellationScope {
  readonly cancelRequested: Promise<never>;
  #isCancelled = false;
  #reject: (error: Error) => void = () => undefined;
  readonly #parent: CancellationScope | undefined;
  readonly #isShield: boolean;

  constructor({ isShield = false, parent = scopes.getStore() } = {}) {
    this.#parent = parent;
    this.#isShield = isShield;
    this.cancelRequested = new Promise<never>((_, reject) => (this.#reject = reject));
    this.cancelRequested.catch(() => undefined);
  }

  static current(): CancellationScope {
    return scopes.getStore() ?? session.root;
  }

  static nonCancellable<T>(work: Work<T>): Promise<T> {
    return new CancellationScope({ isShield: true }).run(work);
  }

  get isCancelled(): boolean {
    return this.#isCancelled || (!this.#isShield && (this.#parent?.isCancelled ?? false));
  }

  run<T>(work: Work<T>): Promise<T> {
    return scopes.run(this, work);
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#reject(cancelledError());
    for (const one of session.waiting) {
      if (!one.scope.isCancelled) continue;
      session.waiting.delete(one);
      one.reject(cancelledError());
    }
  }
}

export const isCancellation = (error: unknown): boolean =>
  error instanceof CancelledFailure ||
  (error instanceof ActivityFailure && error.cause instanceof CancelledFailure);

export const condition = (isTrue: () => boolean, timeoutMs?: number): Promise<boolean> => {
  if (typeof timeoutMs === 'string') throw new Error('a timeout is a number of milliseconds');
  const scope = CancellationScope.current();
  if (scope.isCancelled) return Promise.reject(cancelledError());
  if (isTrue()) return Promise.resolve(true);
  return new Promise<boolean>((resolve, reject) => {
    const atMs = timeoutMs === undefined ? undefined : session.host.nowMs + timeoutMs;
    session.waiting.add({ isTrue, atMs, scope, resolve, reject });
  });
};

export const sleep = async (ms: number): Promise<void> => void (await condition(() => false, ms));

/** Wakes every condition that is true; returns whether there was one. */
export const wake = (): boolean => {
  let woken = false;
  for (const one of session.waiting) {
    const isOver = one.atMs !== undefined && one.atMs <= session.host.nowMs;
    if (!isOver && !one.isTrue()) continue;
    session.waiting.delete(one);
    one.resolve(!isOver || one.isTrue());
    woken = true;
  }
  return woken;
};

/** The time of the next timer. */
export const nextTimer = (): number | undefined => {
  const times = [...session.waiting].flatMap(({ atMs }) => (atMs === undefined ? [] : [atMs]));
  return times.length === 0 ? undefined : Math.min(...times);
};

type Activities = Record<string, (input: object) => Promise<unknown>>;

type Timeouts = Pick<ActivityOptions, 'scheduleToCloseTimeout' | 'retry' | 'taskQueue'>;

/** Looks have a queue of their own, so that no checkout waits for them. */
const LOOKS_QUEUE = 'looks';
const isLook = (name: string): boolean => name.startsWith('lookAt');

const proxy = (
  isLocal: boolean,
  { scheduleToCloseTimeout, retry, taskQueue }: Timeouts,
): Activities => {
  if (scheduleToCloseTimeout === undefined) throw new Error('an activity is tried for ever');
  // The SDK forgets the end of a local activity's time between two attempts that fail.
  const isEndless = isLocal && retry?.maximumAttempts === undefined;
  const patienceMs = isEndless ? Infinity : msToNumber(scheduleToCloseTimeout);
  const options = { isLocal, patienceMs };
  return new Proxy<Activities>(
    {},
    {
      get: (_, name: string) => (input: object) => {
        const scope = CancellationScope.current();
        if (scope.isCancelled) return Promise.reject(cancelledError());
        if (isLook(name) !== (taskQueue === LOOKS_QUEUE)) {
          return Promise.reject(new Error(`${name} is on the queue ${taskQueue ?? 'none'}`));
        }
        return session.host.activity(name, input, options);
      },
    },
  );
};

export const proxyActivities = (timeouts: Timeouts): Activities => proxy(false, timeouts);
export const proxyLocalActivities = (timeouts: Timeouts): Activities => proxy(true, timeouts);

const define = (name: string) => ({ name });
export const defineUpdate = define;
export const defineSignal = define;
export const defineQuery = define;

export const setHandler = (
  { name }: { name: string },
  run: Handler['run'],
  { validator = () => undefined }: { validator?: Handler['validate'] } = {},
): void => {
  session.handlers.set(name, { run, validate: validator });
};

/** Thrown by a run that the next one goes on from. */
export class ContinueAsNew extends Error {
  constructor(readonly args: unknown[]) {
    super('continue as new');
  }
}
export const continueAsNew = (...args: unknown[]): Promise<never> =>
  Promise.reject(new ContinueAsNew(args));
/** Whether the history has grown long is a choice, as it may be at any time. */
export const workflowInfo = () => ({
  workflowId: 'refund/1',
  get continueAsNewSuggested(): boolean {
    return session.host.isLong();
  },
});

export const allHandlersFinished = (): boolean => session.running === 0;
export const setCurrentDetails = (): void => undefined;
export const upsertSearchAttributes = (): void => undefined;

/** Reads a query's present answer. */
export const query = (name: string): unknown => session.handlers.get(name)?.run();

/** Sends an update or a signal; false when its validator refuses it or there is no handler. */
export const deliver = (name: string, ...args: unknown[]): boolean => {
  const handler = session.handlers.get(name);
  if (!handler) return false;
  try {
    handler.validate(...args);
  } catch {
    return false;
  }
  session.running++;
  void Promise.resolve(scopes.run(session.root, () => handler.run(...args)))
    .catch((error: unknown) => {
      if (!(error instanceof ApplicationFailure)) session.failed.push(`${name}: ${String(error)}`);
    })
    .finally(() => session.running--);
  return true;
};
