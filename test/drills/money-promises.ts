// Checks the promises M1 to M4 and O11 from the provider's ledger and ours, disputes included.
import { minorOf } from '../../activities/providers/stripe-amounts.ts';
import { request } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import type { Broken } from './at-rest.ts';
import { UNIT_MINOR, type Settled, type Settlements } from './claims/claims.ts';
import type { OrderRow } from './open-orders.ts';
import { parcelsOf } from './parcels.ts';

interface Charge {
  payment_intent: string;
  currency: string;
  captured: boolean;
  amount_captured: number;
  amount_refunded: number;
}

/** A part of a charge that went back. */
interface Back {
  payment_intent: string;
  status: string;
  amount: number;
  currency: string;
}

interface Ledger {
  intents: { id: string; status: string; metadata: { orderId?: string } }[];
  charges: Charge[];
  refunds: (Back & { metadata: { refundId?: string } })[];
  disputes: Back[];
}

/** What has become of an order's units and money by its record. */
interface GivenBack {
  /** Units of parcels that arrived. */
  arrived: number;
  /** Units and minor units of the returns that were not refused. */
  returnedUnits: number;
  returnedMinor: number;
  /** Refunds that have not failed, in minor units. */
  refundedMinor: number;
  /** Its money was given back by its cancellation, before its parcel was known to have left. */
  isCancelled: boolean;
}

const NOTHING: GivenBack = {
  arrived: 0,
  returnedUnits: 0,
  returnedMinor: 0,
  refundedMinor: 0,
  isCancelled: false,
};
type ByOrder = (id: string) => GivenBack;

const sumOf = <T>(list: T[], value: (one: T) => number): number =>
  list.reduce((sum, one) => sum + value(one), 0);

const givenBack = async (shop: Shop, ids: string[]): Promise<ByOrder> => {
  const { sql } = shop;
  const found = new Map<string, GivenBack>(ids.map((id) => [id, { ...NOTHING }]));
  const at = (id: unknown): GivenBack => found.get(String(id)) ?? { ...NOTHING };
  for (const { orderId, status, quantity } of await parcelsOf(shop, ...ids)) {
    if (status === 'delivered') at(orderId).arrived += quantity;
  }
  const returns = await sql`select order_id, refund_minor,
      (coalesce(accepted, lines) -> 0 ->> 'quantity')::int as quantity
    from orders.returns where order_id in ${sql(ids)} and state not in ('rejected', 'expired')`;
  for (const row of returns) {
    at(row['order_id']).returnedUnits += Number(row['quantity']);
    at(row['order_id']).returnedMinor += Number(row['refund_minor']);
  }
  const refunds = await sql`select id, order_id, amount_minor from orders.refunds
    where order_id in ${sql(ids)} and state <> 'failed'`;
  for (const row of refunds) {
    const one = at(row['order_id']);
    one.refundedMinor += Number(row['amount_minor']);
    one.isCancelled ||= row['id'] === `${row['order_id']}/cancel`;
  }
  return at;
};

/** Minor units that an ended order keeps, by its claims, or by what has arrived and stayed. */
const dueOf = (
  { status, total_minor: total }: OrderRow,
  back: GivenBack,
  settled: Settled | undefined,
): number => {
  if (settled) return settled.keptMinor;
  if (status !== 'delivered' || back.isCancelled || total === 0) return 0;
  return back.arrived * UNIT_MINOR - back.returnedMinor;
};

/** Units that never arrived are not returned, and nothing is worth more than it cost. */
const paidTwice = (order: OrderRow, back: GivenBack): Broken => {
  const { id, total_minor: total } = order;
  const { arrived, returnedUnits, returnedMinor, refundedMinor } = back;
  return [
    ...(returnedUnits > arrived ? [`O11 ${id}: ${returnedUnits} back of ${arrived} arrived`] : []),
    ...(returnedMinor > returnedUnits * UNIT_MINOR
      ? [`O11 ${id}: ${returnedUnits} returned for ${returnedMinor}`]
      : []),
    ...(refundedMinor > total ? [`O11 ${id}: ${refundedMinor} refunded of ${total}`] : []),
  ];
};

/** The provider's ledger, with its amounts in our minor units. */
const ledgerOf = async ({ env }: Shop): Promise<Ledger> => {
  const { body } = await request<Ledger>(`${env['STRIPE_SANDBOX_URL']}/_sandbox/ledger`);
  const { intents, charges, refunds, disputes } = body;
  const withAmount = <One extends Back>(one: One): One => ({
    ...one,
    amount: minorOf(one.amount, one.currency),
  });
  return {
    intents,
    charges: charges.map((one) => ({
      ...one,
      amount_captured: minorOf(one.amount_captured, one.currency),
      amount_refunded: minorOf(one.amount_refunded, one.currency),
    })),
    refunds: refunds.map(withAmount),
    disputes: disputes.map(withAmount),
  };
};

/** What the provider has of one order. */
const ownOf = (ledger: Ledger, id: string) => {
  const intents = ledger.intents.filter(({ metadata }) => metadata.orderId === id);
  const isOwn = (one: { payment_intent: string }): boolean =>
    intents.some((intent) => intent.id === one.payment_intent);
  const charges = ledger.charges.filter((one) => one.captured && isOwn(one));
  const refunds = ledger.refunds.filter(isOwn);
  const withdrawn = ledger.disputes.filter(
    (one) => isOwn(one) && one.status !== 'won' && !one.status.startsWith('warning_'),
  );
  const captured = sumOf(charges, (one) => one.amount_captured);
  const refunded = sumOf(charges, (one) => one.amount_refunded);
  const lost = sumOf(withdrawn, ({ amount }) => amount);
  return { intents, charges, refunds, captured, refunded, lost, kept: captured - refunded - lost };
};

const sorted = (amounts: number[]): string => amounts.toSorted((a, b) => a - b).join();

/** The refunds and losses of an order are exactly those of its claims. */
const brokenOfClaims = (
  id: string,
  { refunds, lost }: ReturnType<typeof ownOf>,
  settled: Settled | undefined,
): Broken => {
  if (!settled) return [];
  const made = refunds.filter(({ status }) => status === 'succeeded').map(({ amount }) => amount);
  const due = settled.refundsMinor;
  return [
    ...(sorted(made) === sorted(due)
      ? []
      : [`M2 ${id} refunded [${made.join(', ')}], due [${due.join(', ')}]`]),
    ...(lost === settled.lostMinor ? [] : [`M2 ${id} lost ${lost}, due ${settled.lostMinor}`]),
  ];
};

const providerSays = (
  order: OrderRow,
  ledger: Ledger,
  back: GivenBack,
  settled: Settled | undefined,
): Broken => {
  const { id, status } = order;
  const own = ownOf(ledger, id);
  const { intents, charges, captured, refunded, lost, kept } = own;
  const requested = own.refunds.map(({ metadata }) => metadata.refundId ?? '');
  const due = dueOf(order, back, settled);
  return [
    ...brokenOfClaims(id, own, settled),
    ...(refunded + lost > captured
      ? [`M2 ${id}: ${refunded} refunded and ${lost} lost of ${captured}`]
      : []),
    ...(charges.length > 1 ? [`M1 ${id} was charged ${charges.length} times`] : []),
    ...(kept === due ? [] : [`M2 ${id} ${status}, kept ${kept} of ${due}`]),
    ...(refunded === back.refundedMinor
      ? []
      : [`M2 ${id} refunded ${refunded}, granted ${back.refundedMinor}`]),
    ...(intents.some((intent) => intent.status === 'requires_capture')
      ? [`M2 ${id} has ended and still holds an authorisation`]
      : []),
    ...(new Set(requested).size < requested.length
      ? [`M4 ${id} has two refunds of one request`]
      : []),
  ];
};

/** No account of the provider's money is overdrawn, not even between two entries. */
const overdrawn = async ({ sql }: Shop, ids: string[]): Promise<Broken> => {
  const rows = await sql`select order_id, account, min(balance)::int as least from (
      select order_id, account, sum(amount_minor) over (
        partition by order_id, account order by id) as balance
      from orders.ledger_entries
      where order_id in ${sql(ids)} and account in ('card_provider', 'disputed', 'losses')
    ) as running group by order_id, account having min(balance) < 0`;
  return rows.map((row) => `M3 ${row['account']} of ${row['order_id']} was at ${row['least']}`);
};

const ownLedger = async (
  { sql }: Shop,
  orders: OrderRow[],
  back: ByOrder,
  settledOf: Settlements,
): Promise<Broken> => {
  const ids = orders.map(({ id }) => id);
  const rows = await sql`select order_id, currency, sum(amount_minor)::int as sum,
      sum(amount_minor) filter (where account = 'card_provider')::int as held,
      sum(amount_minor) filter (where account = 'disputed')::int as disputed,
      sum(amount_minor) filter (where account = 'losses')::int as lost
    from orders.ledger_entries where order_id in ${sql(ids)} group by order_id, currency`;
  const byOrder = new Map(rows.map((row) => [String(row['order_id']), row]));
  const unbalanced = rows.filter((row) => row['sum'] !== 0);
  return [
    ...unbalanced.map((row) => `M3 the entries of ${row['order_id']} sum to ${row['sum']}`),
    ...orders.flatMap((order) => {
      const { id, status } = order;
      const { held, disputed, lost } = byOrder.get(id) ?? {};
      const settled = settledOf(id);
      const ours = [held, disputed, lost].map((one) => Number(one ?? 0)).join(', ');
      const due = [dueOf(order, back(id), settled), 0, settled?.lostMinor ?? 0].join(', ');
      const text = `M3 ${id}, ${status}: held, disputed, lost are ${ours}, due ${due}`;
      return ours === due ? [] : [text];
    }),
  ];
};

export const brokenOfMoney = async (
  shop: Shop,
  orders: OrderRow[],
  settledOf: Settlements,
): Promise<Broken> => {
  const ledger = await ledgerOf(shop);
  const ids = orders.map(({ id }) => id);
  const back = await givenBack(shop, ids);
  return [
    ...orders.flatMap((one) => providerSays(one, ledger, back(one.id), settledOf(one.id))),
    ...orders.flatMap((one) => paidTwice(one, back(one.id))),
    ...(await ownLedger(shop, orders, back, settledOf)),
    ...(await overdrawn(shop, ids)),
  ];
};

/** The money that the provider keeps of each order, in minor units. */
export const keptOf = async (shop: Shop): Promise<(id: string) => number> => {
  const { intents, charges } = await ledgerOf(shop);
  const orderOf = new Map(intents.map(({ id, metadata }) => [id, metadata.orderId]));
  return (id) => {
    const own = charges.filter((one) => one.captured && orderOf.get(one.payment_intent) === id);
    return sumOf(own, (one) => one.amount_captured - one.amount_refunded);
  };
};
