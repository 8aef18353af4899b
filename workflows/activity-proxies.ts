// Proxies of the activities that workflows call, one block a task queue, each with its time limits.
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type {
  disputeActivities,
  fulfillmentActivities,
  notificationActivities,
  orderActivities,
  paymentActivities,
  refundActivities,
  returnActivities,
  stockActivities,
} from '../activities/index.ts';

import { refusalIn } from './order/refusals.ts';

type ActivitiesOf<F extends (...args: never[]) => unknown> = ReturnType<F>;

const STEP_LIMIT = '1 hour';
const UNDO_LIMIT = '30 days';
/** An order whose time is over still gets one whole attempt. */
const PATIENCE_MS_MIN = 20_000;

/**
 * The SDK ends a local activity's time while an attempt runs, and forgets to between two that fail:
 * their number ends it then, after three seconds.
 */
const LOCAL_ATTEMPTS_MAX = 5;

/** Owed money and stock are returned, with retries for a month. */
const UNDO = {
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: UNDO_LIMIT,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '1 minute' },
} as const;

/**
 * Activities that are local as long as they are quick. One that has no result after ten seconds, or
 * has failed some times, goes on at the server, whose retries leave nothing in the history: a local
 * one adds events for as long as an outage lasts. Both have the same key or change nothing the
 * second time.
 */
const localAtFirst = <A extends Activities<A>>(
  lasting: Parameters<typeof proxyActivities>[0],
): ActivitiesOf<() => A> => {
  const quick = proxyLocalActivities<Untyped>({
    startToCloseTimeout: '5 seconds',
    scheduleToCloseTimeout: '10 seconds',
    retry: {
      initialInterval: '200 milliseconds',
      backoffCoefficient: 2,
      maximumAttempts: LOCAL_ATTEMPTS_MAX,
    },
  });
  const remote = proxyActivities<Untyped>(lasting);
  const get = (_: object, name: string) => async (input: object) => {
    try {
      return await quick[name]?.(input);
    } catch (error) {
      if (refusalIn(error)) throw error;
      return remote[name]?.(input);
    }
  };
  return new Proxy({}, { get }) as A;
};

type Untyped = Record<string, (input: object) => Promise<unknown>>;
type Activities<A> = { [K in keyof A]: (input: never) => Promise<unknown> };

/** The order's record. */
export const records = localAtFirst<ActivitiesOf<typeof orderActivities>>({
  ...UNDO,
  taskQueue: 'orders',
});

export const stock = localAtFirst<ActivitiesOf<typeof stockActivities>>({
  startToCloseTimeout: '6 seconds',
  scheduleToCloseTimeout: STEP_LIMIT,
  retry: { initialInterval: '500 milliseconds', maximumInterval: '10 seconds' },
  taskQueue: 'orders',
});

/**
 * One attempt of a payment step takes at most 15 s: the provider responds, or the same key is sent
 * again. All attempts together take what is left of the order's time, in ms. A cancelled step has
 * ended when its attempt in flight has: no payment is confirmed behind the workflow's back.
 */
export const paymentsWithin = (limitMs: number) =>
  proxyActivities<ActivitiesOf<typeof paymentActivities>>({
    taskQueue: 'payments',
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: Math.max(limitMs, PATIENCE_MS_MIN),
    retry: {
      initialInterval: '500 milliseconds',
      backoffCoefficient: 2,
      maximumInterval: '20 seconds',
    },
  });

export const stockUndo = proxyActivities<ActivitiesOf<typeof stockActivities>>({
  ...UNDO,
  taskQueue: 'orders',
});
export const paymentUndo = proxyActivities<ActivitiesOf<typeof paymentActivities>>({
  ...UNDO,
  taskQueue: 'payments',
});

/** A refund that the bank has not confirmed yet is pending: nothing waits for it here. */
export const refunds = proxyActivities<ActivitiesOf<typeof refundActivities>>({
  ...UNDO,
  taskQueue: 'payments',
});

/** The workflow waits until a cancelled booking is known to be booked or not. */
export const fulfillment = proxyActivities<ActivitiesOf<typeof fulfillmentActivities>>({
  taskQueue: 'fulfillment',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: UNDO_LIMIT,
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});

export const shipmentUndo = proxyActivities<ActivitiesOf<typeof fulfillmentActivities>>({
  ...UNDO,
  taskQueue: 'fulfillment',
});

/** What is recorded and booked for a return. */
export const returns = proxyActivities<ActivitiesOf<typeof returnActivities>>({
  taskQueue: 'fulfillment',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '30 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});

/** What has not succeeded in a day waits for an operator, as evidence has a deadline. */
export const disputes = proxyActivities<ActivitiesOf<typeof disputeActivities>>({
  taskQueue: 'payments',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
});

/**
 * Looks at what the outside world does, on a queue that no checkout waits for. One that is not
 * answered in a minute is due again at its schedule's next time.
 */
export const looks = proxyActivities<
  ActivitiesOf<typeof fulfillmentActivities> &
    ActivitiesOf<typeof returnActivities> &
    ActivitiesOf<typeof refundActivities> &
    ActivitiesOf<typeof disputeActivities>
>({
  taskQueue: 'looks',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { initialInterval: '1 second', backoffCoefficient: 2 },
});

export const notifications = proxyActivities<ActivitiesOf<typeof notificationActivities>>({
  taskQueue: 'notifications',
  startToCloseTimeout: '15 seconds',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 minutes' },
});
