// Acts as an operator on the orders of a drill: finds what waits in the list, and does one of the
// actions that its row names.
import { ADDRESS } from '../support/journeys.ts';
import { asOperator, control } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';
import { look, type StuckOrder } from '../support/stuck-orders.ts';
import { parcelsOf, sendTo } from './parcels.ts';
import type { Placed } from './shoppers.ts';
import type { Workload } from './workload.ts';

type Row = StuckOrder['attentions'][number];

/** Ids of all orders that Order Recovery lists as stuck. */
export const listedIds = async (shop: Shop): Promise<Set<string>> => {
  const ids = new Set<string>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const path: string = `orders?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const { body } = await asOperator<{ items: StuckOrder[]; nextCursor: string | null }>(
      shop,
      'GET',
      path,
    );
    for (const { id } of body.items) ids.add(id);
    cursor = body.nextCursor;
  }
  return ids;
};

/** Sends an action once; returns whether it was done. */
const act = async (
  shop: Shop,
  { id }: Placed,
  row: Row,
  action: string,
  more: object,
): Promise<boolean> => {
  const key = `${row.id}/${action}`;
  const { status } = await asOperator(shop, 'POST', `orders/${id}/${action}`, more, key);
  return status === 200;
};

/** The carrier no longer refuses this recipient. */
const liftRefusal = (shop: Shop, { name }: Placed): Promise<unknown> => {
  const path = `faults?containing=${encodeURIComponent(name)}`;
  return control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', path);
};

const arrives = async (shop: Shop, { id }: Placed): Promise<void> => {
  for (const { shipmentId, status } of await parcelsOf(shop, id)) {
    if (status !== 'returned') await sendTo(shop, shipmentId, 'delivered');
  }
};

type Decision = (shop: Shop, it: Placed, row: Row) => Promise<boolean>;

/** By the name that stands in the workload's decisions. */
const DECISIONS: Record<string, Decision> = {
  cancel: (shop, it, row) => act(shop, it, row, 'cancel', {}),
  readdress: async (shop, it, row) => {
    const isChanged = await act(shop, it, row, 'readdress', { address: ADDRESS });
    return isChanged && act(shop, it, row, 'retry', { attentionId: row.id });
  },
  lift: async (shop, it, row) => {
    await liftRefusal(shop, it);
    return act(shop, it, row, 'retry', { attentionId: row.id });
  },
  intercept: (shop, it, row) => act(shop, it, row, 'intercept', { attentionId: row.id }),
  let_arrive: async (shop, it, row) => {
    const isDone = await act(shop, it, row, 'let_arrive', { attentionId: row.id });
    if (isDone) await arrives(shop, it);
    return isDone;
  },
  /** What a bank has refused was given back in another way. */
  dismiss: (shop, it, row) => act(shop, it, row, 'dismiss', { attentionId: row.id }),
  grant_again: (shop, it, row) => act(shop, it, row, 'retry', { attentionId: row.id }),
  treat_as_return: async (shop, it, row) => {
    const isDone = await act(shop, it, row, 'treat_as_return', { attentionId: row.id });
    if (isDone) await arrives(shop, it);
    return isDone;
  },
};

/** What may be decided about a reason; the shopper's roll chooses. */
const CHOICES: Record<string, readonly string[]> = {
  SHIPMENT_STEP_FAILED: ['cancel', 'readdress', 'lift'],
  PARCEL_LEFT: ['intercept', 'let_arrive', 'treat_as_return'],
  REFUND_FAILED: ['dismiss', 'grant_again'],
};

/** A refund that the order's own rule has refused is not granted again. */
const choicesOf = ({ reason, detail = '' }: Row): readonly string[] =>
  detail.startsWith('REFUND_EXCEEDS_CAPTURE') ? ['dismiss'] : (CHOICES[reason] ?? []);

/** Decides about each listed row of the workload's orders. */
export const decideAll = async (shop: Shop, workload: Workload): Promise<void> => {
  const listed = await listedIds(shop);
  for (const it of workload.placed.filter(({ id }) => listed.has(id))) {
    for (const row of (await look(shop, it.id)).attentions) {
      const choices = choicesOf(row);
      const choice = choices[Math.floor(it.roll * choices.length)];
      if (!choice) continue;
      if (await DECISIONS[choice]?.(shop, it, row)) workload.decisions.set(it.id, choice);
    }
  }
};
