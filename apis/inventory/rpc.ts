// Assembles the handlers of the Inventory service.
import type { ConnectRouter } from '@connectrpc/connect';
import { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Cursors } from '../http/cursors.ts';
import type { InventoryDeps } from './deps.ts';
import { endingHandlers, holdHandlers } from './reservations.ts';
import { changeHandlers, readHandlers, recordHandlers } from './stock.ts';
import type { StockWatch } from './watch.ts';

export interface InventoryRpcDeps {
  deps: InventoryDeps;
  cursors: Cursors;
  watch: StockWatch;
}

export const inventoryRpc =
  ({ deps, cursors, watch }: InventoryRpcDeps) =>
  (router: ConnectRouter) =>
    router.service(InventoryService, {
      ...changeHandlers(deps),
      ...readHandlers(deps, watch),
      ...recordHandlers(deps, cursors),
      ...holdHandlers(deps),
      ...endingHandlers(deps),
    });
