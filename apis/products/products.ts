// Routes of products.
import { z } from 'zod';
import type { Pg } from '../../db/postgres/client.ts';
import {
  deleteProduct,
  insertProduct,
  listProducts,
  productById,
  putProductCollections,
  updateProduct,
} from '../../db/postgres/catalogue/products.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import type { Product } from '../../domain/product.ts';
import { pageQuery, type Cursors } from '../http/cursors.ts';
import { listReply } from '../http/lists.ts';
import {
  NO_CONTENT,
  noContent,
  reply,
  route,
  type RouteInput,
  type Route,
} from '../http/routes.ts';
import { TAKES_KEY } from '../http/idempotency-keys.ts';
import { keyed } from './keyed.ts';
import { changed, draftOf, membershipBody, productBody, productChange } from './shapes.ts';
import { toProductResponse, type ProductChange } from './shapes.ts';
import { listResponse, productResponse } from './responses.ts';

const ETAG = /^"(\d{1,15})"$/;
const ifMatch = z
  .string()
  .regex(/^(?:\*|"\d{1,15}")$/)
  .max(17)
  .optional()
  .describe('The ETag that was read; 412 when the product has changed since.');

const shown = (product: Product) =>
  reply(toProductResponse(product), 200, { etag: `"${product.version}"` });

const created = (product: Product) =>
  reply(toProductResponse(product), 201, {
    etag: `"${product.version}"`,
    location: `/product/${product.id}`,
  });

/** The version of an `If-Match` header (RFC 9110 §13.1.1), when one is sent. */
const expectedVersion = (request: Request): number | undefined => {
  const header = request.headers.get('if-match');
  if (header === null || header === '*') return undefined;
  const version = ETAG.exec(header)?.[1];
  if (!version) throw invalid('If-Match', 'is not an ETag of ours');
  return Number(version);
};

/** NOT_FOUND for an id that cannot be a product's, before any store is read. */
const idOf = (params: Record<string, string>): string => {
  const id = params['id'] ?? '';
  if (!/^prd_[0-9a-z]{1,40}$/.test(id)) throw new DomainError('NOT_FOUND', 'no such product');
  return id;
};

const changeProduct = (pg: Pg, input: RouteInput<ProductChange>): Promise<Product> => {
  const { params, body, principal, request } = input;
  const { storeId } = principal;
  const change = (present: Product) => changed(present, body);
  return pg
    .as(storeId)
    .transaction('products.update', (tx) =>
      updateProduct(tx, storeId, idOf(params), change, expectedVersion(request)),
    );
};

const writeRoutes = (pg: Pg): Route[] => [
  route({
    method: 'post',
    path: '/product',
    summary: 'Create a product; name and price are enough. Repeatable with an Idempotency-Key.',
    needs: 'products:write',
    body: productBody,
    response: productResponse,
    headers: TAKES_KEY,
    statuses: { 201: 'the product', 409: 'SKU_TAKEN or SLUG_TAKEN' },
    handler: (input) =>
      keyed(pg, 'products.insert', input, async (tx) =>
        created(await insertProduct(tx, draftOf(input.principal.storeId, input.body))),
      ),
  }),
  route({
    method: 'put',
    path: '/product/:id',
    summary: 'Change a product; absent fields stay as they are.',
    needs: 'products:write',
    body: productChange,
    response: productResponse,
    headers: { 'If-Match': ifMatch },
    statuses: {
      200: 'the product',
      409: 'SLUG_TAKEN or SKU_TAKEN',
      412: 'VERSION_MISMATCH',
      422: 'PRICE_AMBIGUOUS',
    },
    handler: async (input) => shown(await changeProduct(pg, input)),
  }),
  route({
    method: 'put',
    path: '/product/:id/collections',
    summary: 'Replace the collections of a product.',
    needs: 'products:write',
    body: membershipBody,
    response: productResponse,
    statuses: { 200: 'the product' },
    handler: async ({ params, body, principal }) =>
      shown(await putProductCollections(pg, principal.storeId, idOf(params), body.collectionIds)),
  }),
];

const deleteRoute = (pg: Pg): Route =>
  route({
    method: 'delete',
    path: '/product/:id',
    summary: 'Delete a product.',
    needs: 'products:write',
    response: NO_CONTENT,
    statuses: { 204: 'gone' },
    handler: async ({ params, principal }) => {
      await deleteProduct(pg, principal.storeId, idOf(params));
      return noContent;
    },
  });

const readRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  route({
    method: 'get',
    path: '/product/:id',
    summary: 'One product.',
    needs: 'products:read',
    response: productResponse,
    statuses: { 200: 'the product' },
    handler: async ({ params, principal }) =>
      shown(await productById(pg, principal.storeId, idOf(params))),
  }),
  route({
    method: 'get',
    path: '/products',
    summary: 'Products of the store, oldest first.',
    needs: 'products:read',
    query: pageQuery,
    response: listResponse(productResponse),
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query, principal, request }) => {
      const { storeId } = principal;
      const { limit, cursor } = query;
      const list = `products/${storeId}`;
      const after = cursor ? cursors.open(list, cursor) : '';
      const items = await listProducts(pg, storeId, after, limit + 1);
      const toResponse = toProductResponse;
      const positionOf = ({ id }: Product): string => id;
      return listReply({ cursors, list, request, limit, items, toResponse, positionOf });
    },
  }),
];

export const productRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  ...writeRoutes(pg),
  deleteRoute(pg),
  ...readRoutes(pg, cursors),
];
