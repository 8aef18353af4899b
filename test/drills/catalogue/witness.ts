// Records a store's committed writes by Postgres triggers, and reads the catalogue's topics.
import { deadLetterTopic, TOPICS } from '../../../db/kafka/topics.ts';
import type { StoreId } from '../../../domain/ids.ts';
import { offsetsNow, publishedBetween, type Offsets, type Published } from '../../support/kafka.ts';
import type { Shop } from '../../support/shop.ts';

const WATCHED = [
  'products.products',
  'products.variants',
  'products.product_collections',
  'products.collections',
  'products.outbox',
  'inventory.outbox',
];

/** The catalogue's topics and their dead-letter topics. */
export const ROAD = [TOPICS.products, TOPICS.stock, TOPICS.collections];
const GRAVES = ROAD.map(deadLetterTopic);

/** A committed change of a row, and its transaction. */
export interface Seen {
  xid: string;
  /** Schema and table. */
  of: string;
  op: 'INSERT' | 'UPDATE' | 'DELETE';
  row: Record<string, unknown>;
}

export interface Witness {
  storeId: StoreId;
  /** Every committed change of the store's rows, in the order in which they were made. */
  seen(): Promise<Seen[]>;
  /** The messages of the catalogue's topics since the watch began, of all stores. */
  published(): Promise<Published[]>;
  /** The dead letters since the watch began, of all stores. */
  buried(): Promise<Published[]>;
  close(): Promise<void>;
}

/** One table of all changes, written in the transaction of the change itself. */
const triggersFor = (storeId: StoreId): string => `
  drop schema if exists witness cascade;
  create schema witness;
  create table witness.seen (id bigserial primary key, xid xid8, "of" text, op text, "row" jsonb);
  create function witness.see() returns trigger language plpgsql security definer as $$
  declare
    seen jsonb;
  begin
    if tg_op = 'DELETE' then seen := to_jsonb(old); else seen := to_jsonb(new); end if;
    -- Rows of an outbox name their store in their key.
    if coalesce(seen->>'store_id', split_part(seen->>'key', '/', 1)) <> '${storeId}' then
      return null;
    end if;
    -- A relay's deletion of sent rows is no change of the store's.
    if tg_op = 'DELETE' and tg_table_name = 'outbox' then return null; end if;
    insert into witness.seen (xid, "of", op, "row")
    values (pg_current_xact_id(), tg_table_schema || '.' || tg_table_name, tg_op, seen);
    return null;
  end $$;
  ${WATCHED.map(
    (table) => `create trigger witness after insert or update or delete on ${table}
      for each row execute function witness.see();`,
  ).join('\n')}`;

/** Watches one store until it is closed; one watch at a time. */
export const openWitness = async (shop: Shop, storeId: StoreId): Promise<Witness> => {
  await shop.sql.unsafe(triggersFor(storeId));
  const [road, graves] = [await offsetsNow(shop, ROAD), await offsetsNow(shop, GRAVES)];
  const since = async (from: Offsets): Promise<Published[]> =>
    publishedBetween(shop, from, await offsetsNow(shop, [...from.keys()]));
  return {
    storeId,
    seen: async () => {
      const rows = await shop.sql`select xid::text, "of", op, "row" from witness.seen order by id`;
      return rows as unknown as Seen[];
    },
    published: () => since(road),
    buried: () => since(graves),
    close: async () => {
      await shop.sql.unsafe('drop schema if exists witness cascade');
    },
  };
};
