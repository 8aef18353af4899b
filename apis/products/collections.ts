// Routes of collections.
import { z } from 'zod';
import {
  deleteCollection,
  listMembers,
  orderMembers,
  type Placed,
} from '../../db/postgres/catalogue/memberships.ts';
import type { Pg } from '../../db/postgres/client.ts';
import {
  collectionById,
  insertCollection,
  listCollections,
  updateCollection,
} from '../../db/postgres/catalogue/collections.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import type { Collection } from '../../domain/product.ts';
import { pageQuery, type Cursors } from '../http/cursors.ts';
import { listReply } from '../http/lists.ts';
import { NO_CONTENT, noContent, reply, route, type Route } from '../http/routes.ts';
import { TAKES_KEY } from '../http/idempotency-keys.ts';
import { keyed } from './keyed.ts';
import {
  collectionBody,
  collectionChange,
  memberOrder,
  toCollectionResponse,
  toProductResponse,
} from './shapes.ts';
import { collectionResponse, listResponse, productResponse } from './responses.ts';

const shown = (collection: Collection) =>
  reply(toCollectionResponse(collection), 200, { etag: `"${collection.version}"` });

const created = (collection: Collection) =>
  reply(toCollectionResponse(collection), 201, {
    etag: `"${collection.version}"`,
    location: `/collection/${collection.id}`,
  });

const idOf = ({ id }: Record<string, string>): string => {
  if (!isId('collection', id)) throw new DomainError('NOT_FOUND', 'no such collection');
  return id;
};

const memberPosition = z.object({ position: z.number(), productId: z.string() });

const writeRoutes = (pg: Pg): Route[] => [
  route({
    method: 'post',
    path: '/collection',
    summary: 'Create a collection; repeatable with an Idempotency-Key.',
    needs: 'products:write',
    body: collectionBody,
    response: collectionResponse,
    headers: TAKES_KEY,
    statuses: { 201: 'the collection', 409: 'IDEMPOTENCY_KEY_IN_FLIGHT' },
    handler: (input) =>
      keyed(pg, 'collections.insert', input, async (tx) =>
        created(await insertCollection(tx, input.principal.storeId, input.body)),
      ),
  }),
  route({
    method: 'put',
    path: '/collection/:id',
    summary: 'Change a collection; absent fields stay as they are.',
    needs: 'products:write',
    body: collectionChange,
    response: collectionResponse,
    statuses: { 200: 'the collection' },
    handler: async ({ params, body, principal }) =>
      shown(await updateCollection(pg, principal.storeId, idOf(params), body)),
  }),
  route({
    method: 'delete',
    path: '/collection/:id',
    summary: 'Delete a collection; its products stay.',
    needs: 'products:write',
    response: NO_CONTENT,
    statuses: { 204: 'gone' },
    handler: async ({ params, principal }) => {
      await deleteCollection(pg, principal.storeId, idOf(params));
      return noContent;
    },
  }),
  route({
    method: 'put',
    path: '/collection/:id/products',
    summary: 'Put these products first, in this order; the others follow.',
    needs: 'products:write',
    body: memberOrder,
    response: NO_CONTENT,
    statuses: { 204: 'ordered' },
    handler: async ({ params, body, principal }) => {
      await orderMembers(pg, principal.storeId, idOf(params), body.productIds);
      return noContent;
    },
  }),
];

const readRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  route({
    method: 'get',
    path: '/collection/:id',
    summary: 'One collection.',
    needs: 'products:read',
    response: collectionResponse,
    statuses: { 200: 'the collection' },
    handler: async ({ params, principal }) =>
      shown(await collectionById(pg, principal.storeId, idOf(params))),
  }),
  route({
    method: 'get',
    path: '/collections',
    summary: 'Collections of the store, oldest first.',
    needs: 'products:read',
    query: pageQuery,
    response: listResponse(collectionResponse),
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query, principal, request }) => {
      const { storeId } = principal;
      const { limit, cursor } = query;
      const list = `collections/${storeId}`;
      const after = cursor ? cursors.open(list, cursor) : '';
      const items = await listCollections(pg, storeId, after, limit + 1);
      const toResponse = toCollectionResponse;
      const positionOf = ({ id }: Collection): string => id;
      return listReply({ cursors, list, request, limit, items, toResponse, positionOf });
    },
  }),
];

const memberRoute = (pg: Pg, cursors: Cursors): Route =>
  route({
    method: 'get',
    path: '/collection/:id/products',
    summary: 'Products of a collection, in its own order.',
    needs: 'products:read',
    query: pageQuery,
    response: listResponse(productResponse),
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ params, query, principal, request }) => {
      const { storeId } = principal;
      const { limit, cursor } = query;
      const id = idOf(params);
      const list = `members/${storeId}/${id}`;
      const after = cursor
        ? memberPosition.parse(JSON.parse(cursors.open(list, cursor)))
        : { position: -1, productId: '' };
      const items = await listMembers(pg, storeId, id, after, limit + 1);
      const toResponse = ({ product }: Placed) => toProductResponse(product);
      const positionOf = ({ product, position }: Placed): string =>
        JSON.stringify({ position, productId: product.id });
      return listReply({ cursors, list, request, limit, items, toResponse, positionOf });
    },
  });

export const collectionRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  ...writeRoutes(pg),
  memberRoute(pg, cursors),
  ...readRoutes(pg, cursors),
];
