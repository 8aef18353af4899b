// The carrier's faults: away for a whole workload, refusing for ever, losing one parcel of two.
import { isEnding } from '../../domain/order.ts';
import { control } from '../support/judges.ts';
import type { BreakableShop } from '../support/breakable-shop.ts';
import type { Shop } from '../support/shop.ts';
import { atRest, REST_LIMIT_MS, type Broken } from './at-rest.ts';
import type { Fault } from './faults.ts';
import { keptOf } from './money-promises.ts';
import { brokenOfWaiting, ordersOf } from './open-orders.ts';
import type { Kind, Kinds } from './shoppers.ts';
import type { Workload } from './workload.ts';

const AWAY: Kinds = {
  cancelsPaid: 30,
  cancelsSplit: 15,
  cancels: 10,
  declined: 5,
  lost: 10,
  free: 5,
};
const REFUSES: Kinds = { refused: 40, cancels: 10, returns: 10, lost: 10 };
export const PARTLY: Kinds = { partLost: 30, partBack: 30, returns: 10, lost: 10 };

/** More calls than the carrier gets in one drill. */
const FOR_EVER = 1_000_000;

const PAID: readonly Kind[] = ['cancelsPaid', 'cancelsSplit'];

/**
 * A cancelled order's money is back. It has ended where nothing was sent to the carrier, and is
 * open where a parcel may have been booked.
 */
const brokenOfCancelled = async (shop: Shop, workload: Workload): Promise<Broken> => {
  const kept = await keptOf(shop);
  const orders = await ordersOf(shop, workload);
  const kindOf = new Map(workload.placed.map(({ id, kind }) => [id, kind]));
  return orders.flatMap(({ id, status }) => {
    const kind = kindOf.get(id);
    if (kind === 'cancels') return status === 'cancelled' ? [] : [`O1 ${id} is ${status}`];
    if (!kind || !PAID.includes(kind)) return [];
    return [
      ...(kept(id) === 0 ? [] : [`M2 ${id} was cancelled and keeps ${kept(id)}`]),
      ...(isEnding(status) ? [`O10 ${id} is ${status}, its parcel unknown`] : []),
    ];
  });
};

const meanwhileAway = (shop: Shop, workload: Workload): Promise<Broken> =>
  atRest(async () => {
    const waiting = await brokenOfWaiting(shop, workload);
    return [...waiting, ...(await brokenOfCancelled(shop, workload))];
  }, REST_LIMIT_MS);

const away = (action: string, which: object = {}): Fault => ({
  on: async (shop: BreakableShop) => {
    const fault = { method: '*', path: '*', action, times: FOR_EVER, ...which };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', fault);
  },
  off: async (shop) => void (await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', 'faults')),
  lastsMs: 0,
  kinds: AWAY,
  meanwhile: meanwhileAway,
});

/** Each refused order waits with one attention of this reason. */
const brokenOfRefused = async (shop: Shop, workload: Workload): Promise<Broken> => {
  const ids = workload.placed.filter(({ kind }) => kind === 'refused').map(({ id }) => id);
  if (ids.length === 0) return ['the carrier refused no order'];
  const rows = await shop.sql`select id, status, attentions from orders.orders
    where id in ${shop.sql(ids)}`;
  return rows.flatMap((row) => {
    const reasons = (row['attentions'] as { reason: string }[]).map(({ reason }) => reason);
    const isWaiting = row['status'] === 'confirmed' && reasons.join() === 'SHIPMENT_STEP_FAILED';
    return isWaiting ? [] : [`O9 ${row['id']} is ${row['status']}, waits with [${reasons.join()}]`];
  });
};

/** Keyed by the names of the drills. */
export const CARRIER_FAULTS: Record<string, Fault> = {
  'carrier-away': away('status:503'),
  'carrier-unreachable': away('drop_before'),
  'carrier-answers-lost': away('apply_then_drop'),
  /** A void is answered at once: that a parcel had left is known while its money is still there. */
  'carrier-booking-answers-lost': {
    ...away('apply_then_drop', { containing: '"to":' }),
    meanwhile: (shop, workload) => atRest(() => brokenOfWaiting(shop, workload), REST_LIMIT_MS),
  },
  /** The shoppers' own parcels are refused, until the operator acts. */
  'carrier-refuses': {
    on: async () => undefined,
    off: async () => undefined,
    lastsMs: 0,
    kinds: REFUSES,
    meanwhile: (shop, workload) =>
      atRest(async () => {
        const waiting = await brokenOfWaiting(shop, workload);
        return [...waiting, ...(await brokenOfRefused(shop, workload))];
      }, REST_LIMIT_MS),
  },
};
