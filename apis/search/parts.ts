// What the questions of one request share: the stores behind them, whose shop it is, its stock.
import type { Client } from '@connectrpc/connect';
import { GraphQLError } from 'graphql';
import type { Cassandra } from '../../db/cassandra/client.ts';
import { DomainError } from '../../domain/errors.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cursors } from '../http/cursors.ts';
import type { StockOf } from './nodes.ts';

export interface SearchParts {
  /** Of the live set of tables. */
  cassandra(): Promise<Cassandra>;
  inventory: Client<typeof InventoryService>;
  products: Client<typeof ProductsService>;
  cursors: Cursors;
  telemetry: Telemetry;
}

/** One request's share of them. */
export interface Asking extends Omit<SearchParts, 'cassandra'> {
  cassandra: Cassandra;
  storeId: string;
  stockOf: StockOf;
  /** Until when the read side is complete (RFC 3339), asked once a request. */
  asOf(): Promise<string | null>;
}

/** Refusals become GraphQL errors with the same code; everything else is masked by the door. */
export const refusing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, fields } = error;
    throw new GraphQLError(error.message, {
      extensions: { code, ...(fields.length > 0 && { fields }) },
    });
  }
};
