// Inventory as the tests call it: a real client of the service, and what its ledger then says.
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

/** What a call came to: `ok`, or the code it was refused with; anything else is thrown. */
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
