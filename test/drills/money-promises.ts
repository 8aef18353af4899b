// Checks the promises M1 to M4 from the provider's ledger and ours.
import { request } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import type { Broken } from './at-rest.ts';
import type { OrderRow } from './invariants.ts';

interface Charge {
  payment_intent: string;
  captured: boolean;
  amount_captured: number;
  amount_refunded: number;
}

interface Ledger {
  intents: { id: string; status: string; metadata: { orderId?: string } }[];
  charges: Charge[];
  refunds: { payment_intent: string; status: string; metadata: { refundId?: string } }[];
}

const sumOf = <T>(list: T[], value: (one: T) => number): number =>
  list.reduce((sum, one) => sum + value(one), 0);

/** Minor units an ended order may keep, by what its shopper has sent back. */
const dueOf = ({ status, total_minor: total }: OrderRow, returned: number): number =>
  status === 'delivered' ? total - returned : 0;

/** Minor units of each order's returns that have been received. */
const returnedOf = async ({ sql }: Shop, ids: string[]): Promise<Map<string, number>> => {
  const rows = await sql`select order_id, sum(refund_minor)::int as sum from orders.returns
    where order_id in ${sql(ids)} and state = 'refunded' group by order_id`;
  return new Map(rows.map((row) => [String(row['order_id']), Number(row['sum'])]));
};

const ledgerOf = async ({ env }: Shop): Promise<Ledger> =>
  (await request<Ledger>(`${env['STRIPE_SANDBOX_URL']}/_sandbox/ledger`)).body;

const providerSays = (order: OrderRow, ledger: Ledger, returned: number): Broken => {
  const { id, status } = order;
  const intents = ledger.intents.filter(({ metadata }) => metadata.orderId === id);
  const isOwn = (one: { payment_intent: string }): boolean =>
    intents.some((intent) => intent.id === one.payment_intent);
  const charges = ledger.charges.filter((one) => one.captured && isOwn(one));
  const kept = sumOf(charges, (one) => one.amount_captured - one.amount_refunded);
  const requested = ledger.refunds.filter(isOwn).map(({ metadata }) => metadata.refundId ?? '');
  return [
    ...(charges.length > 1 ? [`M1 ${id} was charged ${charges.length} times`] : []),
    ...(kept === dueOf(order, returned) ? [] : [`M2 ${id} ${status}, kept ${kept}`]),
    ...(intents.some((intent) => intent.status === 'requires_capture')
      ? [`M2 ${id} has ended and still holds an authorisation`]
      : []),
    ...(new Set(requested).size < requested.length
      ? [`M4 ${id} has two refunds of one request`]
      : []),
  ];
};

const ownLedger = async ({ sql }: Shop, orders: OrderRow[], returned: Map<string, number>) => {
  const ids = orders.map(({ id }) => id);
  const rows = await sql`select order_id, currency, sum(amount_minor)::int as sum,
      sum(amount_minor) filter (where account = 'card_provider')::int as held
    from orders.ledger_entries where order_id in ${sql(ids)} group by order_id, currency`;
  const held = new Map(rows.map((row) => [row['order_id'], row['held']]));
  const unbalanced = rows.filter((row) => row['sum'] !== 0);
  return [
    ...unbalanced.map((row) => `M3 the entries of ${row['order_id']} sum to ${row['sum']}`),
    ...orders.flatMap((order) => {
      const ours = held.get(order.id) ?? 0;
      const isRight = ours === dueOf(order, returned.get(order.id) ?? 0);
      return isRight ? [] : [`M3 the ledger holds ${ours} for ${order.id}, ${order.status}`];
    }),
  ];
};

export const brokenOfMoney = async (shop: Shop, orders: OrderRow[]): Promise<Broken> => {
  const ledger = await ledgerOf(shop);
  const returned = await returnedOf(
    shop,
    orders.map(({ id }) => id),
  );
  const theirs = orders.flatMap((one) => providerSays(one, ledger, returned.get(one.id) ?? 0));
  return [...theirs, ...(await ownLedger(shop, orders, returned))];
};
