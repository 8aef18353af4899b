// The root resolvers of Search's GraphQL; each fails or is masked by itself.
import { listCollections } from '../../db/cassandra/collections.ts';
import { findProgress } from '../../db/cassandra/progress.ts';
import { batchedStock } from './nodes.ts';
import { refusing } from '../http/graphql/engine.ts';
import type { SearchContext, SearchDeps } from './context.ts';
import { product, type ProductArgs } from './product.ts';
import { products, type ProductsArgs } from './products.ts';
import { suggest, type SuggestArgs } from './suggest.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

export interface Request {
  storeId: string;
  /** Whether `asOf` is selected: it is read before the data it describes. */
  wantsAge: boolean;
  /** Whether counts or facets are selected. */
  counts: boolean;
}

/** The root of one request; `warnings` collects what was unavailable. */
export const rootOf = async (
  deps: SearchDeps,
  { storeId, wantsAge, counts }: Request,
  warnings: string[],
) => {
  const [tables, language] = await Promise.all([deps.tables(), deps.languageOf(storeId)]);
  const readStock = async (skus: string[]): Promise<Map<string, number>> => {
    const headers = { [STORE_HEADER]: storeId };
    const { stock } = await deps.inventory.batchGetStock({ skus }, { headers });
    return new Map(stock.map(({ sku, available }) => [sku, available]));
  };
  const stockOf = batchedStock(readStock, (error) => {
    warnings.push('STOCK_UNAVAILABLE');
    deps.telemetry.log.error('reading stock failed', error, { storeId });
  });
  let progress: Promise<string | null> | undefined;
  const asOf = (): Promise<string | null> =>
    (progress ??= findProgress(tables).then((at) => at?.toISOString() ?? null));
  if (wantsAge) asOf().catch(() => undefined);
  const context: SearchContext = {
    ...deps,
    tables,
    language,
    storeId,
    stockOf,
    counts,
    asOf,
  };
  return {
    products: (args: ProductsArgs) => refusing(() => products(context, args)),
    product: (args: ProductArgs) => refusing(() => product(context, args)),
    collections: () => refusing(() => listCollections(tables, storeId)),
    suggest: (args: SuggestArgs) => refusing(() => suggest(context, args)),
    asOf: () => refusing(asOf),
  };
};
