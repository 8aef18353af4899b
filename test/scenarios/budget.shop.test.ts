// Tests the budget of an order at Temporal: events, tasks and billable actions of its history.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { temporal } from '@temporalio/proto';
import { connectHistories, type Histories } from './histories.ts';
import { placeOrder, stockedWare } from '../support/journeys.ts';
import { reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const EVENTS_MAX = 72;
const TASKS_MAX = 12;
const ACTIONS_MAX = 18;
const LIMIT_MS = 60_000;

const { EventType } = temporal.api.enums.v1;
/** What Temporal Cloud bills: https://docs.temporal.io/cloud/actions */
const BILLABLE = [
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
  EventType.EVENT_TYPE_TIMER_STARTED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
  EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
  EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
  EventType.EVENT_TYPE_MARKER_RECORDED,
];

let shop: Shop;
let histories: Histories;
beforeAll(async () => {
  shop = await openShop();
  histories = await connectHistories(shop);
}, UP_LIMIT_MS);
afterAll(() => histories.close());

test(
  'an order from checkout to doorstep keeps to its budget',
  async () => {
    const { sku } = await stockedWare(shop, 2);
    const { body } = await placeOrder(shop, { sku });
    await reached(shop, body.id, 'delivered');
    expect(await histories.resultOf(body.id)).toBe('delivered');
    const events = await histories.eventsOf(body.id);
    const count = (types: number[]): number =>
      events.filter(({ eventType }) => types.includes(eventType ?? 0)).length;
    const tasks = count([EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED]);
    const actions = count(BILLABLE);
    console.log(`an order: ${events.length} events, ${tasks} tasks, ${actions} billable actions`);
    expect(events.length).toBeLessThanOrEqual(EVENTS_MAX);
    expect(tasks).toBeLessThanOrEqual(TASKS_MAX);
    expect(actions).toBeLessThanOrEqual(ACTIONS_MAX);
  },
  LIMIT_MS,
);
