// Calls Inventory with a real client, and reads its ledger.
import type { Client } from '@connectrpc/connect';
import { clientOf } from '../../apis/rpc/client.ts';
import { DomainError } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Shop } from './shop.ts';

export const inventoryOf = ({ env }: Shop): Client<typeof InventoryService> =>
  clientOf(InventoryService, {
    url: env['INVENTORY_URL'] ?? '',
    audience: 'inventory',
    mint: async () => env['INTERNAL_TOKEN'] ?? '',
    telemetry: createTelemetry('test', 'fatal'),
  });

type Inventory = ReturnType<typeof inventoryOf>;

/** A sku of this test alone, with this many units on hand. */
export const stockedSku = async (inventory: Inventory, quantity: number): Promise<string> => {
  const sku = `T-${crypto.randomUUID()}`;
  const productId = newId('product');
  await inventory.receiveStock({ receiptId: crypto.randomUUID(), sku, quantity, productId });
  return sku;
};

export const HOLD = { seconds: 60n, nanos: 0 };

/** The outcome of a call: `ok`, or the code of its refusal; any other error is thrown. */
export const outcomeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'ok';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
};

export const countOf = (outcomes: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
};

/** A first attempt to hold one sku for a minute. */
export const holdOf = (sku: string, quantity = 1, reservationId: string = crypto.randomUUID()) => ({
  reservationId,
  lines: [{ sku, quantity }],
  expiresIn: HOLD,
  attempt: 1,
});

const DECIDED_LIMIT_MS = 120_000;
const PASSING = ['UNAVAILABLE', 'REBUILDING'];
const AGAIN_MS = 100;

/** Sends again while the call is refused temporarily. */
export const decidedOf = async (call: (attempt: number) => Promise<unknown>): Promise<string> => {
  const end = Date.now() + DECIDED_LIMIT_MS;
  for (let attempt = 1; ; attempt++) {
    const outcome = await outcomeOf(call(attempt));
    if (!PASSING.includes(outcome)) return outcome;
    if (Date.now() > end) throw new Error('a call was never decided');
    await Bun.sleep(AGAIN_MS);
  }
};

/** Sends as an order's workflow does: the same id as a later attempt, until it is decided. */
export const decidedHold = (inventory: Inventory, request: ReturnType<typeof holdOf>) =>
  decidedOf((attempt) => inventory.reserve({ ...request, attempt }));
