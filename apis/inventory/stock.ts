// RPC handlers of stock: read, receive, adjust, watch, and list movements.
import type { ServiceImpl } from '@connectrpc/connect';
import { invalid } from '../../domain/errors.ts';
import { setCounts } from '../../db/postgres/ledger/counts.ts';
import { createLocation, listLocations } from '../../db/postgres/ledger/locations.ts';
import { listMovements } from '../../db/postgres/ledger/movements.ts';
import {
  adjustStock,
  listBalances,
  receiveStock,
  type StockAnswer,
} from '../../db/postgres/ledger/stock.ts';
import { levelsOf } from '../../db/postgres/ledger/balances.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Cursors } from '../http/cursors.ts';
import { callerOf } from '../rpc/server.ts';
import { settle, type InventoryDeps } from './deps.ts';
import { readLevels } from './read.ts';
import { locationOf, wireMovement, wireStock } from './shapes.ts';
import type { StockWatch } from './watch.ts';

const PAGE_SIZE_DEFAULT = 20;

type Service = ServiceImpl<typeof InventoryService>;
type Handlers<K extends keyof Service> = Pick<Service, K>;

const settled = async (deps: InventoryDeps, storeId: string, answer: StockAnswer) => {
  const { level, epoch, isFirst } = answer;
  const fill = isFirst ? new Set([level.sku]) : undefined;
  await settle(deps, { storeId, levels: [level], epoch, fill });
  return { stock: wireStock(level) };
};

export const changeHandlers = (
  deps: InventoryDeps,
): Handlers<'receiveStock' | 'adjustStock' | 'batchSetStock'> => ({
  async receiveStock({ location, ...receipt }, context) {
    const { storeId } = callerOf(context);
    const { receiptId, sku, quantity, productId, reason } = receipt;
    const at = { storeId, sku, location: locationOf(location), productId };
    const answer = await receiveStock(deps.pg, { ...at, receiptId, quantity, reason });
    return settled(deps, storeId, answer);
  },
  async adjustStock({ location, expectedVersion, ...count }, context) {
    const { storeId } = callerOf(context);
    const { sku, productId, onHand, reason, adjustmentId, loss } = count;
    const answer = await adjustStock(deps.pg, {
      storeId,
      sku,
      location: locationOf(location),
      productId,
      onHand,
      reason,
      adjustmentId: adjustmentId || crypto.randomUUID(),
      expectedVersion: expectedVersion === undefined ? undefined : Number(expectedVersion),
      isLoss: loss,
    });
    return settled(deps, storeId, answer);
  },
  async batchSetStock({ counts, adjustmentId, reason }, context) {
    const { storeId } = callerOf(context);
    const answer = await setCounts(deps.pg, { storeId, counts, adjustmentId, reason });
    const { levels, epoch, firsts, refused } = answer;
    if (levels.length > 0) await settle(deps, { storeId, levels, epoch, fill: firsts });
    return { refusedSkus: refused };
  },
});

export const readHandlers = (
  deps: InventoryDeps,
  watch: StockWatch,
): Handlers<'batchGetStock' | 'watchStock'> => ({
  async batchGetStock({ skus, byLocation }, context) {
    const { storeId } = callerOf(context);
    if (!byLocation) {
      const levels = await readLevels(deps, storeId, skus);
      return { stock: levels.map((level) => wireStock(level)) };
    }
    const balances = await listBalances(deps.pg, storeId, skus);
    const levels = new Map(levelsOf(skus, balances).map((level) => [level.sku, level]));
    const stock = skus.flatMap((sku) => {
      const level = levels.get(sku);
      return level ? [wireStock(level, balances)] : [];
    });
    return { stock };
  },
  async *watchStock({ skus }, context) {
    const { storeId } = callerOf(context);
    for await (const levels of watch.follow(storeId, skus, context.signal)) {
      yield { stock: levels.map((level) => wireStock(level)) };
    }
  },
});

const positionOf = (cursors: Cursors, list: string, token: string): number | undefined => {
  if (token === '') return undefined;
  const id = Number(cursors.open(list, token));
  if (!Number.isSafeInteger(id)) throw invalid('pageToken', 'is not one of ours');
  return id;
};

export const recordHandlers = (
  deps: InventoryDeps,
  cursors: Cursors,
): Handlers<'listMovements' | 'createLocation' | 'listLocations'> => ({
  async listMovements({ sku, pageSize, pageToken }, context) {
    const { storeId } = callerOf(context);
    const list = `movements/${storeId}/${sku}`;
    const limit = pageSize || PAGE_SIZE_DEFAULT;
    const beforeId = positionOf(cursors, list, pageToken);
    const found = await listMovements(deps.pg, { storeId, sku, beforeId, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = found.length > limit ? page.at(-1) : undefined;
    return {
      movements: page.map(wireMovement),
      nextPageToken: last ? cursors.seal(list, String(last.id)) : '',
    };
  },
  async createLocation({ location, name }, context) {
    const { storeId } = callerOf(context);
    await createLocation(deps.pg, storeId, { location, name });
    return { location: { location, name } };
  },
  async listLocations(_, context) {
    const { storeId } = callerOf(context);
    return { locations: await listLocations(deps.pg, storeId) };
  },
});
