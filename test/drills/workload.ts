// Runs a seeded workload of orders over mixed cards, and records each call's outcome.
import { DEFAULT_LOCATION } from '../../domain/stock.ts';
import { randomOf } from '../../ops/random.ts';
import { inventoryOf } from '../support/inventory.ts';
import { stockedWare, type Ware } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import { REST_LIMIT_MS } from './at-rest.ts';
import { UNIT_MINOR } from './claims/claims.ts';
import {
  buy,
  isSplit,
  KINDS,
  quantityOf,
  type Kind,
  type Kinds,
  type Placed,
  type Visitor,
} from './shoppers.ts';

const AT_ONCE = 8;
/** Units that no shopper of the workload buys. */
const SPARE = 10;
const ANNEX = 'annex';
/** Neither location has the four units that a shopper wants. */
const SPLIT_UNITS = { [DEFAULT_LOCATION]: 2, [ANNEX]: 3 };

const kindOf = (kinds: Kinds, roll: number): Kind => {
  let left = roll * 100;
  for (const [kind, share] of Object.entries(kinds)) {
    left -= share;
    if (left < 0) return kind as Kind;
  }
  return 'pays';
};

/** Units of a sku that were received at a location. */
export interface Received {
  sku: string;
  location: string;
  quantity: number;
}

export interface Workload {
  /** All that was ever received; the skus are of this workload alone. */
  received: Received[];
  /** A sku that no shopper buys: a store's lost state of it stays lost. */
  untouched: Ware;
  placed: Placed[];
  /** What the operator did about an order, by the order's id. */
  decisions: Map<string, string>;
  restMs: number;
}

export interface Plan {
  seed: number;
  count: number;
  /** Shares of a hundred; the rest pays. */
  kinds?: Kinds | undefined;
  /** How long a promise must be broken at rest to be reported. */
  restMs?: number;
}

/** A ware of which no location has all that one shopper wants. */
const splitWare = async (shop: Shop, received: Received[]): Promise<Ware> => {
  const inventory = inventoryOf(shop);
  await inventory.createLocation({ location: ANNEX, name: 'The annex' });
  const ware = await stockedWare(shop, SPLIT_UNITS[DEFAULT_LOCATION], UNIT_MINOR / 100);
  const { sku, productId } = ware;
  const there = { sku, location: ANNEX, quantity: SPLIT_UNITS[ANNEX] };
  await inventory.receiveStock({ ...there, productId, receiptId: crypto.randomUUID() });
  received.push({ sku, location: DEFAULT_LOCATION, quantity: SPLIT_UNITS[DEFAULT_LOCATION] });
  received.push(there);
  return ware;
};

/** The shoppers in their order; each of those with split parcels has a ware of its own. */
const visitorsOf = async (shop: Shop, { seed, count, kinds = KINDS }: Plan) => {
  const random = randomOf(seed);
  const drawn = Array.from({ length: count }, () => {
    const kind = kindOf(kinds, random());
    return { kind, roll: random() };
  });
  const received: Received[] = [];
  const stocked = async (isFree: boolean): Promise<Ware> => {
    const buyers = drawn.filter(({ kind }) => !isSplit(kind) && (kind === 'free') === isFree);
    const quantity = buyers.reduce((sum, { kind }) => sum + quantityOf(kind), SPARE);
    const ware = await stockedWare(shop, quantity, isFree ? 0 : UNIT_MINOR / 100);
    received.push({ sku: ware.sku, location: DEFAULT_LOCATION, quantity });
    return ware;
  };
  const sold = await stocked(false);
  const free = await stocked(true);
  const visitors: Visitor[] = [];
  for (const { kind, roll } of drawn) {
    const common = kind === 'free' ? free : sold;
    const ware = isSplit(kind) ? await splitWare(shop, received) : common;
    visitors.push({ kind, roll, ware });
  }
  return { visitors, received };
};

/** Places `count` orders, some at once; `onHalf` runs when half of them have been sent. */
export const runWorkload = async (
  shop: Shop,
  plan: Plan,
  onHalf?: () => Promise<void>,
): Promise<Workload> => {
  const { visitors, received } = await visitorsOf(shop, plan);
  const untouched = await stockedWare(shop, SPARE, UNIT_MINOR / 100);
  const placed: Placed[] = [];
  let sent = 0;
  let halfway: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let one = visitors[sent++]; one; one = visitors[sent++]) {
      if (sent > plan.count / 2) halfway ??= onHalf?.();
      const bought = await buy(shop, one);
      if (bought) placed.push(bought);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await halfway;
  const { restMs = REST_LIMIT_MS } = plan;
  return { received, untouched, placed, decisions: new Map(), restMs };
};
