// Tests the core scenarios with two of every process.
import { afterAll, beforeAll, describe, test } from 'bun:test';
import { isSandbox, PROCESS_NAMES } from '../../ops/processes.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { boughtAndDelivered, declinedWithoutTrace, twentyCallsOneOrder } from './core-scenarios.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await shop.startSecondCopies();
}, UP_LIMIT_MS);
afterAll(async () => {
  await shop.endSecondCopies(PROCESS_NAMES.filter((name) => !isSandbox(name)));
}, WORKFLOW_LIMIT_MS);

describe('with two of every process', () => {
  test('an order is bought and delivered', () => boughtAndDelivered(shop), WORKFLOW_LIMIT_MS);
  test(
    'a declined card leaves nothing behind',
    () => declinedWithoutTrace(shop),
    WORKFLOW_LIMIT_MS,
  );
  test('twenty equal calls are one order', () => twentyCallsOneOrder(shop), WORKFLOW_LIMIT_MS);
});
