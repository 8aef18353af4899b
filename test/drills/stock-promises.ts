// Checks S1, S2 and S4: the stock ledger of a workload's skus, and its equality with Redis.
import type { Shop } from '../support/shop.ts';
import { withComparison } from '../support/stock-invariants.ts';
import { atRest, type Broken } from './at-rest.ts';
import type { OrderRow } from './invariants.ts';
import { UNIT_MINOR, type Workload } from './workload.ts';

const SHOWN_MAX = 5;

const ledgerSays = async ({ sql }: Shop, { ware, stocked }: Workload, orders: OrderRow[]) => {
  const [balance] = await sql`select sum(on_hand)::int as on_hand, sum(reserved)::int as reserved
    from inventory.balances where sku = ${ware.sku}`;
  const [moved] = await sql`select coalesce(sum(quantity), 0)::int as sum
    from inventory.movements where sku = ${ware.sku}`;
  const ids = orders.map(({ id }) => id);
  const [back] = await sql`select count(*)::int as units from orders.returns
    where order_id in ${sql(ids)} and state = 'refunded'`;
  const sold = orders.filter(({ status }) => status === 'delivered' || status === 'lost');
  const bought = sold.reduce((sum, { total_minor: total }) => sum + total / UNIT_MINOR, 0);
  const gone = bought - Number(back?.['units']);
  const onHand = Number(balance?.['on_hand']);
  return [
    ...(onHand !== moved?.['sum'] ? [`S1 movements ${moved?.['sum']}, on hand ${onHand}`] : []),
    ...(balance?.['reserved'] !== 0 ? [`S4 ${balance?.['reserved']} reserved at rest`] : []),
    ...(onHand !== stocked - gone ? [`S2 ${stocked} received, ${gone} gone, ${onHand} left`] : []),
  ];
};

/** Redis may be in a rebuild: it has a moment to equal the ledger. */
const redisSays = (shop: Shop, skus: string[], restMs: number): Promise<Broken> =>
  withComparison(shop, skus, (look) =>
    atRest(async () => {
      const shown = (await look()).slice(0, SHOWN_MAX);
      return shown.map((one) => `S4 ${one.sku}: ledger ${one.ledger}; redis ${one.redis}`);
    }, restMs),
  );

export const brokenOfStock = async (
  shop: Shop,
  workload: Workload,
  orders: OrderRow[],
): Promise<Broken> => [
  ...(await ledgerSays(shop, workload, orders)),
  ...(await redisSays(shop, [workload.ware.sku, workload.untouched.sku], workload.restMs)),
];
