// What the questions of one request share: the stores behind them, whose shop it is, its stock.
import type { Client } from '@connectrpc/connect';
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cursors } from '../http/cursors.ts';
import type { StockOf } from './nodes.ts';

export interface SearchDeps {
  /** Of the live set of tables. */
  tables(): Promise<TableSet>;
  inventory: Client<typeof InventoryService>;
  products: Client<typeof ProductsService>;
  cursors: Cursors;
  telemetry: Telemetry;
}

/** One request's share of them. */
export interface SearchContext extends Omit<SearchDeps, 'tables'> {
  tables: TableSet;
  storeId: string;
  stockOf: StockOf;
  /** Matches or facets are asked for beside the products. */
  counts: boolean;
  /** Until when the read side is complete (RFC 3339), asked once a request. */
  asOf(): Promise<string | null>;
}
