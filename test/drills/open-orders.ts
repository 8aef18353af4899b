// Checks O1 and O9: every order of a drill moves or waits with a listed attention, and ends.
import { mapBounded } from '../../concurrency/chunks.ts';
import { isEnding, type OrderStatus } from '../../domain/order.ts';
import type { Shop } from '../support/shop.ts';
import { atRest, PATIENCE_MS, type Broken } from './at-rest.ts';
import { lookInto, type Seen } from './look-into.ts';
import { inspectAll } from './claims/inspecting.ts';
import { decideAll, listedIds } from './operator.ts';
import type { Workload } from './workload.ts';

const LOOKS_AT_ONCE = 8;

export interface OrderRow {
  id: string;
  store_id: string;
  status: OrderStatus;
  sequence: number;
  total_minor: number;
  sku: string;
  quantity: number;
}

/** Orders of the workload, also those whose response never arrived. */
export const ordersOf = async ({ sql }: Shop, { received }: Workload): Promise<OrderRow[]> => {
  const skus = received.map(({ sku }) => sku);
  const rows = await sql`select id, store_id, status, sequence, total_minor,
      lines -> 0 ->> 'sku' as sku, (lines -> 0 ->> 'quantity')::int as quantity
    from orders.orders where lines -> 0 ->> 'sku' in ${sql(skus)}`;
  return rows as unknown as OrderRow[];
};

const rowsOf = (attentions: { step: string; reason: string }[]): string[] =>
  attentions.map(({ step, reason }) => `${step}: ${reason}`).sort();

/** An order moves when its workflow runs and answers; it waits with the rows of its record. */
const brokenOfOpen = (seen: Seen, isListed: boolean): Broken => {
  const { id, status, attentions, workflow } = seen;
  const { state, progress } = workflow;
  const recorded = rowsOf(attentions);
  const raised = rowsOf(progress?.attentions ?? []);
  const helpless = attentions.filter(({ actions }) => actions.length === 0);
  return [
    ...(state === 'RUNNING' && progress ? [] : [`O9 ${id} is ${status}, its workflow ${state}`]),
    ...(attentions.length > 0 && !isListed ? [`O9 ${id} waits and is not listed`] : []),
    ...(Bun.deepEquals(recorded, raised)
      ? []
      : [`O9 ${id} waits with [${raised.join(', ')}], recorded [${recorded.join(', ')}]`]),
    ...helpless.map(({ reason }) => `O9 ${id} waits with ${reason} without an action`),
  ];
};

/** O9 of the orders that are open. */
export const brokenOfWaiting = async (shop: Shop, workload: Workload): Promise<Broken> => {
  const listed = await listedIds(shop);
  const open = (await ordersOf(shop, workload)).filter(({ status }) => !isEnding(status));
  const looked = await mapBounded(open, LOOKS_AT_ONCE, async ({ id }) => {
    const seen = await lookInto(shop, id);
    return isEnding(seen.status as OrderStatus) ? [] : brokenOfOpen(seen, listed.has(id));
  });
  return looked.flat();
};

const openReturns = async ({ sql }: Shop, ids: string[]): Promise<Broken> => {
  const rows = await sql`select id, order_id, state from orders.returns
    where order_id in ${sql(ids)} and state not in ('refunded', 'rejected', 'expired')`;
  return rows.map((row) => `O1 ${row['order_id']}: return ${row['id']} is ${row['state']}`);
};

const openDisputes = async ({ sql }: Shop, ids: string[]): Promise<Broken> => {
  const rows = await sql`select id, order_id, state from orders.disputes
    where order_id in ${sql(ids)} and state not in ('won', 'lost', 'closed')`;
  return rows.map((row) => `O1 ${row['order_id']}: dispute ${row['id']} is ${row['state']}`);
};

/** What an operator may do about a refund that has failed; the row of it stays. */
const GIVEN_UP: readonly string[] = ['dismiss', 'grant_again'];

/** An ended order waits for no operator, and its workflow ends with it. */
const unfinished = async (shop: Shop, { decisions }: Workload, id: string): Promise<Broken> => {
  const { status, attentions, workflow, refunds } = await lookInto(shop, id);
  const isGivenUp = GIVEN_UP.includes(decisions.get(id) ?? '');
  const ends = isGivenUp ? ['succeeded', 'failed'] : ['succeeded'];
  const owed = refunds.filter(({ state }) => !ends.includes(state));
  return [
    ...attentions.map(({ step, reason }) => `O9 ${id} is ${status}, and ${step} has ${reason}`),
    ...owed.map(({ state }) => `M2 ${id} is ${status}, and a refund is ${state}`),
    ...(workflow.state === 'COMPLETED' ? [] : [`O1 ${id} is ${status}, its workflow not over`]),
  ];
};

/**
 * Waits until every order, return, dispute and workflow of the workload has ended; an operator acts
 * on what waits meanwhile. What is open after that is broken.
 */
export const drained = (shop: Shop, workload: Workload): Promise<Broken> =>
  atRest(async () => {
    await decideAll(shop, workload);
    await inspectAll(shop, workload);
    const orders = await ordersOf(shop, workload);
    if (orders.length === 0) return ['O1 the workload made no order'];
    const ids = orders.map(({ id }) => id);
    const open = [
      ...orders.flatMap(({ id, status }) => (isEnding(status) ? [] : [`O1 ${id} is ${status}`])),
      ...(await openReturns(shop, ids)),
      ...(await openDisputes(shop, ids)),
    ];
    if (open.length > 0) return open;
    return (await mapBounded(ids, LOOKS_AT_ONCE, (id) => unfinished(shop, workload, id))).flat();
  }, PATIENCE_MS);
