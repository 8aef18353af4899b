// RPC handlers of Products for other services: prices, single products, settings of Search.
import type { ConnectRouter } from '@connectrpc/connect';
import { productMessage } from '../../db/kafka/events.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { findPublished, listPrices } from '../../db/postgres/catalogue/products.ts';
import { putSearchSettings, searchSettingsOf } from '../../db/postgres/search-settings.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { LANGUAGES } from '../../domain/words/stems.ts';
import { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import { callerOf } from '../rpc/server.ts';

interface ProductsRpcDeps {
  pg: Pg;
  /** Sees published products only. */
  published: Pg;
}

export const productsRpc =
  ({ pg, published }: ProductsRpcDeps) =>
  (router: ConnectRouter) =>
    router.service(ProductsService, {
      async batchGetPrices({ skus }, context) {
        const prices = await listPrices(published, callerOf(context).storeId, skus);
        return {
          prices: prices.map(({ priceMinor, ...price }) => ({
            ...price,
            priceMinor: BigInt(priceMinor),
          })),
        };
      },
      async getProduct({ id, slug }, context) {
        const product = await findPublished(
          published,
          callerOf(context).storeId,
          id ? { id } : { slug },
        );
        if (!product) throw new DomainError('NOT_FOUND', 'no such product');
        return { product: productMessage(product, product) };
      },
      async getSearchSettings(_request, context) {
        return { settings: await searchSettingsOf(pg, callerOf(context).storeId) };
      },
      async putSearchSettings({ settings }, context) {
        const language = LANGUAGES.find((one) => one === settings?.language);
        if (!language) throw invalid('language', `must be one of ${LANGUAGES.join(', ')}`);
        await putSearchSettings(pg, callerOf(context).storeId, { language });
        return { settings: { language } };
      },
    });
