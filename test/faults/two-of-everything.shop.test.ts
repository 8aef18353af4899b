// Tests the core scenarios with two of every process.
import { afterAll, beforeAll, describe, test } from 'bun:test';
import { isSandbox, PROCESS_NAMES } from '../../ops/processes.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import {
  boughtAndDelivered,
  declinedWithoutTrace,
  twentyCallsOneOrder,
} from '../support/core-scenarios.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
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
