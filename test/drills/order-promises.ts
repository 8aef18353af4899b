// Checks O2, O7 and O10 from the events of a workload's orders, and O6 from the inbox.
import { isEnding, ORDER_EVENTS, ORDER_MOVES, type OrderStatus } from '../../domain/order.ts';
import { reservationIdOf } from '../../domain/ids.ts';
import { request } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import { atRest, type Broken } from './at-rest.ts';
import type { Settled, Settlements } from './claims/claims.ts';
import type { OrderRow } from './open-orders.ts';
import type { Workload } from './workload.ts';

interface Event {
  type: string;
  at: Date;
}

const STATUSES = Object.entries(ORDER_EVENTS) as [OrderStatus, string][];
const STATUS_OF = new Map(STATUSES.map(([status, event]) => [event, status]));

const illegalMoves = ({ id }: OrderRow, events: Event[]): Broken => {
  const seen = events.flatMap(({ type }) => STATUS_OF.get(type) ?? []);
  return seen.flatMap((to, at) => {
    const from = seen[at - 1];
    return from && !ORDER_MOVES[from].includes(to) ? [`O2 ${id} went from ${from} to ${to}`] : [];
  });
};

/** An order whose total is 0 is packed without a capture. */
const packedUnpaid = ({ id, total_minor: total }: OrderRow, events: Event[]): Broken => {
  const captured = events.findIndex(({ type }) => type === 'PaymentCaptured');
  const packed = events.findIndex(({ type }) => type === 'OrderPacked');
  if (total === 0) return captured < 0 ? [] : [`O7 ${id} costs nothing and was captured`];
  const isPaid = captured >= 0 && captured < packed;
  return packed < 0 || isPaid ? [] : [`O7 ${id} packed unpaid`];
};

/** Events of which one undoes another. */
const UNDONE_BY = [
  ['PaymentCaptured', 'PaymentRefunded'],
  ['PaymentAuthorized', 'PaymentVoided'],
] as const;

/** The money of an order without success is back before its ending is written. */
const endedOwing = ({ id, status }: OrderRow, events: Event[]): Broken => {
  if (status === 'delivered' || !isEnding(status)) return [];
  const types = events.map(({ type }) => type);
  const before = types.slice(0, types.indexOf(ORDER_EVENTS[status]));
  const [done, undone] = UNDONE_BY.find(([type]) => before.includes(type)) ?? [];
  if (!done || !undone || before.indexOf(undone) > before.indexOf(done)) return [];
  return [`O10 ${id} became ${status} before its ${undone}`];
};

/** Endings whose units are back before they are written. */
const UNSOLD: readonly OrderStatus[] = ['cancelled', 'rejected', 'expired', 'returned_to_sender'];

const endedHolding = async (
  { sql }: Shop,
  orders: OrderRow[],
  eventsOf: Map<string, Event[]>,
): Promise<Broken> => {
  const ids = orders.map(({ id }) => reservationIdOf(id));
  const rows = await sql`select id, case state when 'claimed' then reversed_at else ended_at end
    as back_at from inventory.reservations where id in ${sql(ids)}`;
  const backAt = new Map(rows.map((row) => [String(row['id']), row['back_at'] as Date | null]));
  return orders.flatMap(({ id, status }) => {
    const back = backAt.get(reservationIdOf(id));
    if (!UNSOLD.includes(status) || back === undefined) return [];
    const ended = eventsOf.get(id)?.find(({ type }) => type === ORDER_EVENTS[status]);
    const isBefore = back && ended && back <= ended.at;
    return isBefore
      ? []
      : [`O10 ${id} became ${status}, its units are back ${back ? back.toISOString() : 'never'}`];
  });
};

export const brokenOfEvents = async (shop: Shop, orders: OrderRow[]): Promise<Broken> => {
  const rows = await shop.sql`select order_id, type, created_at from orders.order_events
    where order_id in ${shop.sql(orders.map(({ id }) => id))} order by order_id, sequence`;
  const eventsOf = new Map<string, Event[]>(orders.map(({ id }) => [id, []]));
  for (const row of rows) {
    const event = { type: String(row['type']), at: row['created_at'] as Date };
    eventsOf.get(String(row['order_id']))?.push(event);
  }
  return [
    ...orders.flatMap((order) => {
      const events = eventsOf.get(order.id) ?? [];
      const checks = [illegalMoves, packedUnpaid, endedOwing];
      return checks.flatMap((check) => check(order, events));
    }),
    ...(await endedHolding(shop, orders, eventsOf)),
  ];
};

/** Kinds of the mails about an order, by their ids: `<order id>.<kind>@…`; copies have one id. */
const kindsIn = (orderId: string, messageIds: string[]): string[] =>
  [...new Set(messageIds)]
    .filter((id) => id.replace('<', '').startsWith(`${orderId}.`))
    .map((id) => id.split('@')[0]?.split('.')[1] ?? '');

const ENDING_MAILS = STATUSES.map(([status]) => status).filter((status) => isEnding(status));
/** Endings of a parcel that was sent. */
const SENT: readonly OrderStatus[] = ['delivered', 'lost', 'returned_to_sender'];

const brokenMails = (
  id: string,
  status: OrderStatus,
  kinds: string[],
  settled: Settled | undefined,
): Broken => {
  const times = (...wanted: string[]) => kinds.filter((kind) => wanted.includes(kind)).length;
  const exactly = (count: number, ...wanted: string[]): Broken => {
    const found = times(...wanted);
    return found === count ? [] : [`O6 ${id} is ${status}: ${found} mails of ${wanted.join('/')}`];
  };
  const others = ENDING_MAILS.filter((one) => one !== status);
  return [
    ...exactly(0, ...others),
    // A rejection that is the checkout's own response needs no mail.
    ...(status === 'rejected' ? [] : exactly(1, status)),
    ...(SENT.includes(status) ? exactly(1, 'confirmed') : []),
    ...(status === 'delivered' ? exactly(1, 'shipped', 'left') : []),
    // One whose end came before its mail was due is written of its end alone.
    // A mail each refund, and one of each return that was refused in whole or in part.
    ...(settled ? exactly(settled.refundsMinor.length, 'refunded') : []),
    ...(settled ? exactly(settled.returnsRefused, 'return_refused') : []),
    ...(times('shipped', 'left') > 1 ? [`O6 ${id} was written twice that it is on its way`] : []),
  ];
};

/** One mail an ending, and one of each step on the way to a delivery. */
export const brokenOfMails = (
  shop: Shop,
  { placed, restMs }: Workload,
  orders: OrderRow[],
  settledOf: Settlements,
): Promise<Broken> => {
  const statusOf = new Map(orders.map(({ id, status }) => [id, status]));
  const look = async (): Promise<Broken> => {
    const looked = placed.map(async ({ id, email }) => {
      const status = statusOf.get(id);
      if (!status || !isEnding(status)) return [];
      const url = `${shop.env['MAIL_URL']}/messages?to=${encodeURIComponent(email)}`;
      const { body } = await request<{ messages: { messageId: string }[] }>(url);
      const messageIds = body.messages.map((one) => one.messageId);
      return brokenMails(id, status, kindsIn(id, messageIds), settledOf(id));
    });
    return (await Promise.all(looked)).flat();
  };
  return atRest(look, restMs);
};
