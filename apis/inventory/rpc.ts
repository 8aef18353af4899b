// The Inventory service: its handlers together.
import type { ConnectRouter } from '@connectrpc/connect';
import { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Cursors } from '../http/cursors.ts';
import type { InventoryParts } from './parts.ts';
import { endingHandlers, holdHandlers } from './reservations.ts';
import { changeHandlers, readHandlers, recordHandlers } from './stock.ts';
import type { StockWatch } from './watch.ts';

export interface InventoryDoor {
  parts: InventoryParts;
  cursors: Cursors;
  watch: StockWatch;
}

export const inventoryRpc =
  ({ parts, cursors, watch }: InventoryDoor) =>
  (router: ConnectRouter) =>
    router.service(InventoryService, {
      ...changeHandlers(parts),
      ...readHandlers(parts, watch),
      ...recordHandlers(parts, cursors),
      ...holdHandlers(parts),
      ...endingHandlers(parts),
    });
