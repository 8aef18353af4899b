// A store's orders, newest first, by what its staff look for.
import { and, desc, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import { isId, lowestIdAt } from '../../../domain/ids.ts';
import type { OrderStatus, PaymentStatus } from '../../../domain/order.ts';
import type { Db, Pg } from '../client.ts';
import { orders, orderTerms } from '../schema/orders.ts';
import { orderOf, type Order } from './order-row.ts';

/** An order's row may be written so much later than its id is made. */
const WRITTEN_WITHIN_MS = 60_000;

export interface StoreOrdersFilter {
  status: OrderStatus | undefined;
  paymentStatus: PaymentStatus | undefined;
  /** A person is needed. */
  needsAttention: boolean;
  email: string | undefined;
  sku: string | undefined;
  /** An order's id, or words of a recipient's name. */
  text: string | undefined;
  createdAfter: Date | undefined;
  createdBefore: Date | undefined;
}

export interface StoreOrdersPage {
  storeId: string;
  filter: StoreOrdersFilter;
  /** The id of the last order of the page before; empty for the first page. */
  before: string;
  limit: number;
}

interface Term {
  kind: 'sku' | 'email' | 'name';
  term: string;
}

/** The words of a name, as the database keeps those of the orders. */
const wordsOf = async (db: Db, text: string): Promise<string[]> => {
  const found = await db.execute<{ word: string }>(
    sql`select word from orders.name_words(${text}) as word order by length(word) desc, word`,
  );
  return found.map(({ word }) => word);
};

/** The rarest kind comes first: its part of the index is read. */
const termsOf = ({ email, sku }: StoreOrdersFilter, words: string[]): Term[] => {
  const terms: Term[] = words.map((word) => ({ kind: 'name', term: word }));
  if (sku !== undefined) terms.unshift({ kind: 'sku', term: sku });
  if (email !== undefined) terms.unshift({ kind: 'email', term: email.toLowerCase() });
  return terms;
};

const hasTerm = (storeId: string, { kind, term }: Term): SQL =>
  sql`exists (select 1 from orders.order_terms t where t.store_id = ${storeId}
    and t.kind = ${kind} and t.term = ${term} and t.order_id = ${orders.id})`;

const conditionsOf = ({ storeId, filter, before }: StoreOrdersPage): (SQL | undefined)[] => {
  const { status, paymentStatus, needsAttention, createdAfter, createdBefore } = filter;
  const idAt = (at: Date, shiftMs: number): string => lowestIdAt('order', at.getTime() + shiftMs);
  return [
    eq(orders.storeId, storeId),
    before === '' ? undefined : lt(orders.id, before),
    status && eq(orders.status, status),
    paymentStatus && eq(orders.paymentStatus, paymentStatus),
    needsAttention ? sql`${orders.attentions} <> '[]'` : undefined,
    // Ids sort by time, so that dates bound the part of the index that is read.
    createdAfter && gte(orders.id, idAt(createdAfter, -WRITTEN_WITHIN_MS)),
    createdAfter && gte(orders.createdAt, createdAfter),
    createdBefore && lt(orders.id, idAt(createdBefore, WRITTEN_WITHIN_MS)),
    createdBefore && lt(orders.createdAt, createdBefore),
  ];
};

/**
 * One page of a store's orders. With a term the terms' index is read in its order, and each order
 * looked up; without one, the index of the status, of the payment, or of the store.
 */
export const listStoreOrders = (pg: Pg, page: StoreOrdersPage): Promise<Order[]> =>
  pg.query('orders.ofStore', async (db) => {
    const { storeId, filter, limit } = page;
    const isById = isId('order', filter.text);
    const text = isById ? undefined : filter.text;
    const words = text === undefined ? [] : await wordsOf(db, text);
    // Signs alone name nobody.
    if (text !== undefined && words.length === 0) return [];
    const [first, ...others] = termsOf(filter, words);
    const conditions = [
      ...conditionsOf(page),
      isById ? eq(orders.id, filter.text ?? '') : undefined,
      ...others.map((term) => hasTerm(storeId, term)),
    ];
    if (!first) {
      const plain = db
        .select()
        .from(orders)
        .where(and(...conditions));
      return (await plain.orderBy(desc(orders.id)).limit(limit)).map(orderOf);
    }
    const { orderId } = orderTerms;
    const isFirst = and(
      eq(orderTerms.storeId, storeId),
      eq(orderTerms.kind, first.kind),
      eq(orderTerms.term, first.term),
      // The terms' index is read from here.
      page.before === '' ? undefined : lt(orderId, page.before),
    );
    const rows = await db
      .select({ order: orders })
      .from(orderTerms)
      .innerJoin(orders, eq(orders.id, orderId))
      .where(and(isFirst, ...conditions))
      .orderBy(desc(orderId))
      .limit(limit);
    return rows.map(({ order }) => orderOf(order));
  });
