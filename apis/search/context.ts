// The context of one GraphQL request: the stores, the shop's id, and its shared reads.
import type { Client } from '@connectrpc/connect';
import type { TableSet } from '../../db/cassandra/table-sets.ts';
import type { Language } from '../../domain/words/stems.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cursors } from '../http/cursors.ts';
import type { StockOf } from './nodes.ts';

export interface SearchDeps {
  /** The projections' positions of the live table set. */
  tables(): Promise<TableSet>;
  /** The language of a store's words. */
  languageOf(storeId: string): Promise<Language>;
  inventory: Client<typeof InventoryService>;
  products: Client<typeof ProductsService>;
  cursors: Cursors;
  telemetry: Telemetry;
}

/** What the fields of one request share. */
export interface SearchContext extends Omit<SearchDeps, 'tables' | 'languageOf'> {
  tables: TableSet;
  language: Language;
  storeId: string;
  stockOf: StockOf;
  /** Whether matches or facets are selected beside the products. */
  counts: boolean;
  /** Until when the read side is complete (RFC 3339), read once a request. */
  asOf(): Promise<string | null>;
}
