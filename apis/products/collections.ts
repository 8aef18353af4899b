// REST routes of collections.
import type { Pg } from '../../db/postgres/client.ts';
import {
  collectionById,
  insertCollection,
  listCollections,
  updateCollection,
} from '../../db/postgres/collections.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import type { Collection } from '../../domain/product.ts';
import { pageQuery, type Cursors } from '../http/cursors.ts';
import { json, route, type Route } from '../http/routes.ts';
import { collectionBody, collectionChange, shownCollection } from './shapes.ts';

const shown = (collection: Collection, status = 200): Response =>
  json(shownCollection(collection), status, {
    etag: `"${collection.version}"`,
    ...(status === 201 && { location: `/collection/${collection.id}` }),
  });

const idOf = ({ id }: Record<string, string>): string => {
  if (!isId('collection', id)) throw new DomainError('NOT_FOUND', 'no such collection');
  return id;
};

export const collectionRoutes = (pg: Pg, cursors: Cursors): Route[] => [
  route({
    method: 'post',
    path: '/collection',
    summary: 'Create a collection.',
    scope: 'products:write',
    body: collectionBody,
    answers: { 201: 'the collection' },
    answer: async ({ body, principal }) =>
      shown(await insertCollection(pg, principal.storeId, body), 201),
  }),
  route({
    method: 'put',
    path: '/collection/:id',
    summary: 'Change a collection; absent fields stay as they are.',
    scope: 'products:write',
    body: collectionChange,
    answers: { 200: 'the collection' },
    answer: async ({ params, body, principal }) =>
      shown(await updateCollection(pg, principal.storeId, idOf(params), body)),
  }),
  route({
    method: 'get',
    path: '/collection/:id',
    summary: 'One collection.',
    scope: 'products:read',
    answers: { 200: 'the collection' },
    answer: async ({ params, principal }) =>
      shown(await collectionById(pg, principal.storeId, idOf(params))),
  }),
  route({
    method: 'get',
    path: '/collections',
    summary: 'Collections of the store, oldest first.',
    scope: 'products:read',
    query: pageQuery,
    answers: { 200: 'items and the cursor of the next page' },
    answer: async ({ query, principal }) => {
      const { storeId } = principal;
      const after = query.cursor ? cursors.open(`collections/${storeId}`, query.cursor) : '';
      const items = await listCollections(pg, storeId, after, query.limit + 1);
      const page = items.slice(0, query.limit);
      const last = items.length > query.limit ? page.at(-1) : undefined;
      return json({
        items: page.map(shownCollection),
        nextCursor: last ? cursors.seal(`collections/${storeId}`, last.id) : null,
      });
    },
  }),
];
