// Checks S1, S2 and S4: the stock ledger of a workload's skus at each location, and its equality
// with Redis.
import { DEFAULT_LOCATION } from '../../domain/stock.ts';
import type { Shop } from '../support/shop.ts';
import { withComparison } from '../support/stock-invariants.ts';
import { atRest, type Broken } from './at-rest.ts';
import type { Settlements } from './claims/claims.ts';
import type { OrderRow } from './open-orders.ts';
import { parcelsOf } from './parcels.ts';
import type { Received, Workload } from './workload.ts';

const SHOWN_MAX = 5;

type Units = Pick<Received, 'sku' | 'location' | 'quantity'>;

/** Units that have left each location for good. */
const goneOf = async (shop: Shop, orders: OrderRow[]): Promise<Units[]> => {
  const sent = new Map(
    orders
      .filter(({ status }) => ['delivered', 'lost', 'returned_to_sender'].includes(status))
      .map(({ id, sku }) => [id, sku]),
  );
  const parcels = await parcelsOf(shop, ...orders.map(({ id }) => id));
  return parcels.flatMap(({ orderId, location, status, quantity }) => {
    const sku = sent.get(orderId);
    return sku && status !== 'returned' ? [{ sku, location, quantity }] : [];
  });
};

/** A return comes back to the default location: what its claims say, else what was recorded. */
const returnedOf = async (
  { sql }: Shop,
  orders: OrderRow[],
  settledOf: Settlements,
): Promise<Units[]> => {
  const rows = await sql`select order_id, lines -> 0 ->> 'sku' as sku,
      ${DEFAULT_LOCATION} as location, (lines -> 0 ->> 'quantity')::int as quantity
    from orders.returns where order_id in ${sql(orders.map(({ id }) => id))}
      and state = 'refunded'`;
  const recorded = rows.filter((row) => !settledOf(String(row['order_id'])));
  const claimed = orders.flatMap(({ id, sku }) => {
    const quantity = settledOf(id)?.unitsBack ?? 0;
    return quantity > 0 ? [{ sku, location: DEFAULT_LOCATION, quantity }] : [];
  });
  return [...(recorded as unknown as Units[]), ...claimed];
};

const unitsAt = (list: Units[], sku: string, location: string): number =>
  list.reduce(
    (sum, one) => sum + (one.sku === sku && one.location === location ? one.quantity : 0),
    0,
  );

const ledgerSays = async (
  shop: Shop,
  { received }: Workload,
  orders: OrderRow[],
  settledOf: Settlements,
): Promise<Broken> => {
  const { sql } = shop;
  const skus = received.map(({ sku }) => sku);
  const balances = await sql`select sku, location, on_hand, reserved, (
      select coalesce(sum(quantity), 0)::int from inventory.movements m
      where m.store_id = b.store_id and m.sku = b.sku and m.location = b.location) as moved
    from inventory.balances b where sku in ${sql(skus)}`;
  const gone = await goneOf(shop, orders);
  const returned = await returnedOf(shop, orders, settledOf);
  return balances.flatMap((row) => {
    const {
      sku,
      location,
      on_hand: onHand,
      reserved,
      moved,
    } = row as unknown as {
      sku: string;
      location: string;
      on_hand: number;
      reserved: number;
      moved: number;
    };
    const [had, left, back] = [received, gone, returned].map((one) => unitsAt(one, sku, location));
    const where = `${sku} at ${location}`;
    return [
      ...(onHand === moved ? [] : [`S1 ${where}: movements ${moved}, on hand ${onHand}`]),
      ...(reserved === 0 ? [] : [`S4 ${where}: ${reserved} reserved at rest`]),
      ...(onHand === (had ?? 0) - (left ?? 0) + (back ?? 0)
        ? []
        : [`S2 ${where}: ${had} received, ${left} gone, ${back} returned, ${onHand} left`]),
    ];
  });
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
  settledOf: Settlements,
): Promise<Broken> => {
  const skus = [...workload.received.map(({ sku }) => sku), workload.untouched.sku];
  return [
    ...(await ledgerSays(shop, workload, orders, settledOf)),
    ...(await redisSays(shop, skus, workload.restMs)),
  ];
};
