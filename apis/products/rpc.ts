// RPC handlers of Products for other services: prices at checkout, and single products for Search.
import type { ConnectRouter } from '@connectrpc/connect';
import { productMessage } from '../../db/kafka/events.ts';
import type { Pg } from '../../db/postgres/client.ts';
import { findPublished, listPrices } from '../../db/postgres/catalogue/products.ts';
import { DomainError } from '../../domain/errors.ts';
import { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import { callerOf } from '../rpc/server.ts';

/** With `published` the caller sees published products only. */
export const productsRpc = (published: Pg) => (router: ConnectRouter) =>
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
  });
