// The names of workflows: each that a contract names is exported by the index, and no other.
import { describe, expect, test } from 'bun:test';
import { FULFILL_ORDER } from './fulfill-order.contract.ts';
import { IMPORT_CATALOGUE } from './import-catalogue.contract.ts';
import * as workflows from './index.ts';
import { RECOVERY_WORKFLOWS, REPAIR_ORDERS } from './recovery.contract.ts';
import { REFUND_ORDER } from './refund-order.contract.ts';
import { RETURN_ORDER } from './return-order.contract.ts';
import { SETTLE_DISPUTE } from './settle-dispute.contract.ts';

const NAMES = [
  FULFILL_ORDER,
  IMPORT_CATALOGUE,
  REFUND_ORDER,
  RETURN_ORDER,
  SETTLE_DISPUTE,
  REPAIR_ORDERS,
  ...RECOVERY_WORKFLOWS,
] as const satisfies (keyof typeof workflows)[];

describe('the names of workflows', () => {
  test('are those of the contracts', () => {
    expect(Object.keys(workflows).toSorted()).toEqual([...NAMES].toSorted());
  });
});
