// Runs a walk at a real Temporal server, over the kit's model, and compares it with the kit's run.
import { activityInfo, Context, heartbeat } from '@temporalio/activity';
import { WorkflowUpdateFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, ApplicationFailure } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { withDeadline } from '../../concurrency/deadline.ts';
import { DomainError } from '../../domain/errors.ts';
import {
  FULFILL_ORDER,
  fulfillOrderId,
  orderProgress,
  ORDERS_QUEUE,
  type OrderProgress,
} from '../../workflows/fulfill-order.contract.ts';
import { UNTIL_ACCEPTED } from '../../workflows/client/orders.ts';
import { eventually } from '../support/journeys.ts';
import { perform, refusal, type Call } from './calls.ts';
import { messagesOf, repairIn, worldOf, type Message } from './model.ts';
import { ORDER, ORDER_MODEL } from './models/order.ts';
import type { Predicted } from './predict.ts';
import type { Wait } from './run.ts';

const { PENDING_ACTIVITY_STATE_CANCEL_REQUESTED } = temporal.api.enums.v1.PendingActivityState;
/** All that a walk waits for between two messages, on a slow machine. */
const LIMIT_MS = 200_000;

/** Lets everything run that can. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** As text, without times of day and ids of one run. */
const textOf = (orderId: string, value: unknown): string =>
  (
    JSON.stringify(value, (key, one: unknown) => (/^until(Ms)?$/.test(key) ? undefined : one)) ?? ''
  ).replaceAll(orderId, ORDER.orderId);

const textOfCall = (orderId: string, call: Call): string => {
  const { outcome, isLocal, isTaken, isCancelled, ended } = call;
  return textOf(orderId, { outcome, isLocal, isTaken, isCancelled, ended });
};

const namesOf = (calls: Call[]): string =>
  calls
    .map(({ name }) => name)
    .sort()
    .join();

/** Steps of which no two run at the same time: their order is the walk's. */
const STEPS = [
  'reserveStock',
  'authorizePayment',
  'extendHold',
  'claimStock',
  'capturePayment',
  'bookShipment',
  'noteCancelRequested',
  'moveOrder',
  'lookAtShipment',
];
const stepsOf = (calls: Call[]): string =>
  calls.flatMap(({ name }) => (STEPS.includes(name) ? [name] : [])).join();

/** Calls by activity and input, each in their order: undos run at the same time. */
const byInput = (orderId: string, calls: Call[]): Map<string, Call[]> =>
  Map.groupBy(calls, ({ name, input }) => `${name} ${textOf(orderId, input)}`);

const bySteps = ({ attentions, ...rest }: OrderProgress): OrderProgress => ({
  ...rest,
  attentions: attentions.toSorted((a, b) => a.step.localeCompare(b.step)),
});

const differs = (what: string, here: unknown, there: unknown): string =>
  `${what}\n  is     [${String(here)}]\n  in kit [${String(there)}]`;

/** One order of a walk at the real server. */
export class RealOrder {
  readonly orderId = `ord_${crypto.randomUUID()}`;
  readonly #world = ORDER_MODEL.newWorld();
  readonly #calls: Call[] = [];
  readonly #callsById = new Map<string, Call>();
  readonly #workflow: WorkflowHandle;

  constructor(
    readonly client: Client,
    readonly said: Predicted,
  ) {
    this.#workflow = client.workflow.getHandle(fulfillOrderId(this.orderId));
  }

  /** Runs an activity with the outcome that the walk has for its so manieth call. */
  async activity(input: object): Promise<unknown> {
    const { activityId, activityType, isLocal } = activityInfo();
    const call = this.#callsById.get(activityId) ?? this.#called(activityType, activityId, input);
    try {
      return await perform(call, {
        model: ORDER_MODEL,
        world: this.#world,
        send: (message) => this.#send(message),
        isCancelled: () => this.#isCancelled(activityId),
      });
    } catch (error) {
      if (error instanceof DomainError) throw refusal(error.code);
      if (!(error instanceof CancelledFailure)) throw error;
      // The server reports the cancellation with the answer to a heartbeat.
      if (!isLocal) heartbeat();
      return Context.current().cancelled;
    }
  }

  #called(name: string, activityId: string, input: object): Call {
    const key = `${name} ${textOf(this.orderId, input)}`;
    const before = byInput(this.orderId, this.#calls).get(key)?.length ?? 0;
    const said = byInput(ORDER.orderId, this.said.ran.calls).get(key)?.[before];
    const { isLocal } = activityInfo();
    const call = { name, input, outcome: said?.outcome ?? 'ok', isLocal, patienceMs: 0 };
    this.#calls.push(call);
    this.#callsById.set(activityId, call);
    return call;
  }

  async #isCancelled(activityId: string): Promise<boolean> {
    const { raw } = await this.#workflow.describe();
    const pending = raw.pendingActivities?.find((one) => one.activityId === activityId);
    return pending?.state === PENDING_ACTIVITY_STATE_CANCEL_REQUESTED;
  }

  /** Sends a message; false when the workflow refuses it. */
  async #send(message: Message): Promise<boolean> {
    const { to } = message;
    if (to === 'cancellation') await this.#workflow.cancel();
    else if (to === 'paymentChanged' || to === 'lookAgain') await this.#workflow.signal(to);
    else return this.#update(message);
    return true;
  }

  async #update(message: Message): Promise<boolean> {
    const { to, args } = message;
    const { parcel } = this.#world;
    const isReturned = repairIn(message)?.ending === 'returned_to_sender';
    if (isReturned) this.#world.parcel = 'returned';
    const update = await (args.length === 0
      ? this.#workflow.startUpdate(to, UNTIL_ACCEPTED)
      : this.#workflow.startUpdate<unknown, [object]>(to, { ...UNTIL_ACCEPTED, args }));
    const isTaken = await Promise.race([
      update.result().then(
        () => true,
        (error: unknown) => !(error instanceof WorkflowUpdateFailedError),
      ),
      // A refusal is in the response already; a result may be hours away.
      settled().then(() => true),
    ]);
    if (isReturned && !isTaken) this.#world.parcel = parcel;
    return isTaken;
  }

  /** Runs the walk; returns what is different at the real server. */
  async judge(): Promise<string[]> {
    const { timings, ran, isLate, world } = this.said;
    const acceptedAt = isLate && { acceptedAtMs: 0 };
    await this.client.workflow.start(FULFILL_ORDER, {
      taskQueue: ORDERS_QUEUE,
      workflowId: fulfillOrderId(this.orderId),
      args: [{ ...ORDER, ...timings, orderId: this.orderId, ...acceptedAt }],
    });
    let returned: unknown;
    try {
      for (const wait of ran.waits) await this.#end(wait);
      const late = () => new Error('timed out waiting for: the end');
      returned = await withDeadline(() => this.#workflow.result(), LIMIT_MS, late);
    } catch (error) {
      const { status } = await this.#workflow.describe();
      if (status.name === 'RUNNING') await this.#workflow.terminate('it is not as the kit says');
      return [error instanceof Error ? error.message : 'no error', ...this.#differences()];
    }
    const differences = this.#differences();
    if (returned !== ran.returned) differences.push(differs('ending', returned, ran.returned));
    const own = worldOf(this.#world);
    return own === world ? differences : [...differences, differs('world', own, world)];
  }

  /** Ends a wait with the messages that the walk has, once the workflow waits in the same state. */
  async #end({ sent, progress, calls }: Wait): Promise<void> {
    if (sent.length === 0) return;
    const said = this.said.ran.calls.slice(0, calls);
    const state = `${progress.status}, ${progress.step}, after ${calls} calls`;
    const isThere = async () => {
      if (this.#calls.length !== calls || namesOf(this.#calls) !== namesOf(said)) return undefined;
      const { raw } = await this.#workflow.describe();
      if (raw.pendingActivities?.length || raw.pendingWorkflowTask) return undefined;
      const own = await this.#workflow.query(orderProgress);
      return Bun.deepEquals(bySteps(own), bySteps(progress)) ? true : undefined;
    };
    await eventually(state, isThere, LIMIT_MS);
    for (const { name, isTaken } of sent) {
      const message = messagesOf(ORDER_MODEL, this.#world)[name];
      if (!message) throw new Error(`${name} is not possible`);
      if ((await this.#send(message)) !== isTaken) {
        throw new Error(`${name} is ${isTaken ? 'refused' : 'taken'}, unlike in the kit`);
      }
    }
  }

  /** The calls that differ from what the kit says, and the steps when their order differs. */
  #differences(): string[] {
    const { calls } = this.said.ran;
    const said = byInput(ORDER.orderId, calls);
    const own = byInput(this.orderId, this.#calls);
    const different = [...new Set([...said.keys(), ...own.keys()])].flatMap((key) => {
      const here = (own.get(key) ?? []).map((call) => textOfCall(this.orderId, call)).join();
      const there = (said.get(key) ?? []).map((call) => textOfCall(ORDER.orderId, call)).join();
      return here === there ? [] : [differs(key, here, there)];
    });
    const [here, there] = [stepsOf(this.#calls), stepsOf(calls)];
    return here === there ? different : [...different, differs('steps', here, there)];
  }
}

/** The order's workflow that this activity belongs to. */
export const orderIdOf = (): string => {
  const { workflowId } = activityInfo().workflowExecution ?? {};
  return workflowId?.slice(fulfillOrderId('').length) ?? '';
};

export const notKnown = (orderId: string): ApplicationFailure =>
  ApplicationFailure.nonRetryable(`no walk has the order ${orderId}`);
