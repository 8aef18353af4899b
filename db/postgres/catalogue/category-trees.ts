// Maps an import's categories to collections: found by handle, created where missing.
import { and, eq, inArray, sql } from 'drizzle-orm';
import { newId, type CollectionId, type StoreId } from '../../../domain/ids.ts';
import type { ImportCategory } from '../../../domain/catalogue/imports.ts';
import { NAME_LENGTH_MAX, nameKeyOf, slugOf, type Collection } from '../../../domain/product.ts';
import { fold } from '../../../domain/text.ts';
import { collectionChanged } from '../../kafka/events.ts';
import type { Tx } from '../client.ts';
import { publishMany } from '../outbox.ts';
import { collections } from '../schema/products.ts';
import { collectionOf } from './collections.ts';

const HANDLE_LENGTH_MAX = 300;

/** The ids of the collections along a path, the last one included. */
export type PathIds = (path: string[]) => CollectionId[];

interface Wanted {
  handle: string;
  name: string;
  parentHandle: string | undefined;
}

/** A slug where it keeps every letter and sign of weight; otherwise the exact name. */
const handleOfName = (name: string): string => {
  const isKept = /^[\x20-\x7e]*$/.test(fold(name)) && !/[+#*=%$@]/.test(name);
  return (isKept && slugOf(name)) || nameKeyOf(name).replaceAll('/', '-');
};

const handleOfPath = (path: string[]): string =>
  path.map(handleOfName).join('/').slice(0, HANDLE_LENGTH_MAX);

const stepsOf = (path: string[]): Wanted[] =>
  path.map((name, at) => ({
    handle: handleOfPath(path.slice(0, at + 1)),
    name: name.slice(0, NAME_LENGTH_MAX),
    parentHandle: at > 0 ? handleOfPath(path.slice(0, at)) : undefined,
  }));

const unique = (wanted: Wanted[]): Wanted[] => [
  ...new Map(wanted.map((one) => [one.handle, one])).values(),
];

const find = async (tx: Tx, storeId: StoreId, handles: string[]) => {
  if (handles.length === 0) return [];
  return tx
    .select()
    .from(collections)
    .where(and(eq(collections.storeId, storeId), inArray(collections.handle, handles)));
};

/** One import per store creates collections at a time, so that none is created twice. */
const lockTrees = (tx: Tx, storeId: StoreId) =>
  tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`collections/${storeId}`}, 0))`);

const insertMissing = async (
  tx: Tx,
  storeId: StoreId,
  missing: Wanted[],
  ids: Map<string, string>,
): Promise<Collection[]> => {
  const values = missing.map(({ handle, name, parentHandle }) => ({
    id: ids.get(handle),
    store_id: storeId,
    name,
    handle,
    parent_id: parentHandle ? ids.get(parentHandle) : undefined,
  }));
  const rows = await tx.execute<{ id: string }>(sql`
    insert into products.collections
      (id, store_id, name, description, handle, parent_id, clock_us)
    select r.id, r.store_id, r.name, '', r.handle, r.parent_id,
      (extract(epoch from clock_timestamp()) * 1000000)::bigint
    from jsonb_to_recordset(${JSON.stringify(values)}::jsonb) as r
      (id text, store_id text, name text, handle text, parent_id text)
    returning id`);
  const made = await tx
    .select()
    .from(collections)
    .where(
      inArray(
        collections.id,
        rows.map(({ id }) => id),
      ),
    );
  return made.map(collectionOf);
};

/** The ids of these handles; a dry run makes them up, without it missing ones are created. */
const putHandles = async (
  tx: Tx,
  storeId: StoreId,
  wanted: Wanted[],
  isDryRun: boolean,
): Promise<{ ids: Map<string, string>; made: Set<string> }> => {
  const all = unique(wanted);
  const handles = all.flatMap(({ handle, parentHandle }) => [handle, parentHandle ?? handle]);
  const known = await find(tx, storeId, [...new Set(handles)]);
  const ids = new Map(known.map((row) => [row.handle ?? '', row.id]));
  const missing = all.filter(({ handle }) => !ids.has(handle));
  if (missing.length === 0) return { ids, made: new Set() };
  for (const { handle } of missing) ids.set(handle, newId('collection'));
  if (!isDryRun) {
    const made = await insertMissing(tx, storeId, missing, ids);
    const events = made.map((one) => collectionChanged(one));
    await publishMany(tx, 'products', events);
  }
  return { ids, made: new Set(missing.map(({ handle }) => handle)) };
};

/** Ensures that every step of these paths is a collection; in a dry run, as if it were. */
export const collectionsOfPaths = async (
  tx: Tx,
  storeId: StoreId,
  paths: string[][],
  isDryRun: boolean,
): Promise<PathIds> => {
  if (paths.length === 0) return () => [];
  await lockTrees(tx, storeId);
  const { ids } = await putHandles(tx, storeId, paths.flatMap(stepsOf), isDryRun);
  return (path) => stepsOf(path).flatMap(({ handle }) => (ids.get(handle) ?? []) as CollectionId[]);
};

/** Writes the nodes of a category tree; returns the handles that are new. */
export const putCategories = async (
  tx: Tx,
  storeId: StoreId,
  nodes: ImportCategory[],
  isDryRun: boolean,
): Promise<Set<string>> => {
  if (nodes.length === 0) return new Set();
  await lockTrees(tx, storeId);
  const wanted = nodes.map(({ handle, name, parentHandle }) => ({
    handle: handle.slice(0, HANDLE_LENGTH_MAX),
    name: name.slice(0, NAME_LENGTH_MAX),
    parentHandle,
  }));
  return (await putHandles(tx, storeId, wanted, isDryRun)).made;
};
