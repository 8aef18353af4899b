// Routes of stock for stores: Products names a product's skus, Inventory their counts.
import type { Client } from '@connectrpc/connect';
import { DomainError, invalid } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import type {
  InventoryService,
  Stock,
} from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { Cookies } from '../http/credentials/cookies.ts';
import { bearerOf } from '../http/principals.ts';
import type { Fetch } from '../rpc/peer-tls.ts';
import { reply, route, type RouteInput, type Route } from '../http/routes.ts';
import { callHeaders } from './owners.ts';
import { stockBody } from './shapes.ts';
import { stockResponse, stocksResponse } from './responses.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

const TIMEOUT_MS = 5_000;

export interface StockDeps {
  inventory: Client<typeof InventoryService>;
  productsUrl: string;
  fetch: Fetch;
  cookies: Cookies;
}

/** Skus of a product, as Products shows it to this caller. NOT_FOUND. */
const skusOf = async (
  { productsUrl, fetch, cookies }: StockDeps,
  { params, request }: RouteInput,
): Promise<string[]> => {
  // A path parameter comes decoded: `..%2F` would reach another path of Products.
  const id = params['id'] ?? '';
  if (!isId('product', id)) throw new DomainError('NOT_FOUND', 'no such product');
  const chosen = request.headers.get(STORE_HEADER);
  const response = await fetch(`${productsUrl}/product/${id}`, {
    headers: {
      ...bearerOf(request, cookies),
      ...(chosen !== null && { [STORE_HEADER]: chosen }),
    },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new DomainError('UNAVAILABLE', 'products is unavailable', { cause });
  });
  if (response.status === 404) throw new DomainError('NOT_FOUND', 'no such product');
  if (response.status === 403) {
    throw new DomainError('PERMISSION_DENIED', 'this key lacks the scope products:read');
  }
  if (!response.ok) throw new DomainError('UNAVAILABLE', 'products is unavailable');
  const { variants } = (await response.json()) as { variants: { sku: string }[] };
  return variants.map((variant) => variant.sku);
};

const skuAmong = (skus: string[], requested: string | undefined): string => {
  if (requested !== undefined && skus.includes(requested)) return requested;
  if (requested !== undefined) throw invalid('sku', 'is no variant of this product');
  const [only, ...others] = skus;
  if (only && others.length === 0) return only;
  throw invalid('sku', 'is needed: this product has several variants');
};

const shown = ({ sku, onHand, reserved, available }: Stock) => ({
  sku,
  onHand,
  reserved,
  available,
});

export const stockRoutes = (deps: StockDeps): Route[] => [
  route({
    method: 'put',
    path: '/product/:id/stock',
    summary: 'Set the units on hand.',
    needs: 'inventory:write',
    body: stockBody,
    response: stockResponse,
    statuses: { 200: 'the stock', 409: 'STOCK_BELOW_RESERVED' },
    handler: async (input) => {
      const sku = skuAmong(await skusOf(deps, input), input.body.sku);
      const productId = input.params['id'] ?? '';
      const count = { sku, onHand: input.body.quantity, productId, reason: 'set by the store' };
      const { stock } = await deps.inventory.adjustStock(count, callHeaders(input.principal));
      if (!stock) throw new Error('Inventory answered without stock');
      return reply(shown(stock));
    },
  }),
  route({
    method: 'get',
    path: '/product/:id/stock',
    summary: 'The stock of each variant.',
    needs: 'inventory:read',
    response: stocksResponse,
    statuses: { 200: 'the stock of each variant' },
    handler: async (input) => {
      const skus = await skusOf(deps, input);
      const { stock } = await deps.inventory.batchGetStock({ skus }, callHeaders(input.principal));
      return reply({ stock: stock.map(shown) });
    },
  }),
];
