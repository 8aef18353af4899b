// The root of GraphQL's questions: each is refused, answered or masked for itself.
import { listCollections } from '../../db/cassandra/collections.ts';
import { findProgress } from '../../db/cassandra/progress.ts';
import { STORE_HEADER } from '../rpc/client.ts';
import { batchedStock } from './nodes.ts';
import { refusing } from '../http/graphql/engine.ts';
import type { Asking, SearchParts } from './parts.ts';
import { product, type ProductArgs } from './product.ts';
import { products, type ProductsArgs } from './products.ts';
import { suggest, type SuggestArgs } from './suggest.ts';

export interface Request {
  storeId: string;
  /** Somebody asks for `asOf`: it is read before what it is said of. */
  asksAge: boolean;
  /** Somebody asks how many match, or of what kind they are. */
  counts: boolean;
}

/** The root of one request; `warnings` collects what could not be answered. */
export const rootOf = async (
  parts: SearchParts,
  { storeId, asksAge, counts }: Request,
  warnings: string[],
) => {
  const tables = await parts.tables();
  const readStock = async (skus: string[]): Promise<Map<string, number>> => {
    const headers = { [STORE_HEADER]: storeId };
    const { stock } = await parts.inventory.batchGetStock({ skus }, { headers });
    return new Map(stock.map(({ sku, available }) => [sku, available]));
  };
  const stockOf = batchedStock(readStock, (error) => {
    warnings.push('STOCK_UNAVAILABLE');
    parts.telemetry.log.error('stock not read', error, { storeId });
  });
  let progress: Promise<string | null> | undefined;
  const asOf = (): Promise<string | null> =>
    (progress ??= findProgress(tables).then((at) => at?.toISOString() ?? null));
  if (asksAge) asOf().catch(() => undefined);
  const asking: Asking = { ...parts, tables, storeId, stockOf, counts, asOf };
  return {
    products: (args: ProductsArgs) => refusing(() => products(asking, args)),
    product: (args: ProductArgs) => refusing(() => product(asking, args)),
    collections: () => refusing(() => listCollections(tables, storeId)),
    suggest: (args: SuggestArgs) => refusing(() => suggest(asking, args)),
    asOf: () => refusing(asOf),
  };
};
