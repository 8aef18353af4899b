// A seeded workload of orders over mixed cards: each call is recorded as ok, refused or unknown.
import { asShopper, eventually, placeOrder, stockedWare, type Ware } from '../support/journeys.ts';
import { authenticate } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';

const AT_ONCE = 8;
/** Units that nobody of the workload buys. */
const SPARE = 10;
/** A call whose answer was lost is sent again under its key, as a shopper's browser does. */
const TRIES_MAX = 40;
const AGAIN_MS = 500;

/** Numbers from 0 to 1, always the same for a seed: mulberry32. */
export const randomOf = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** What a shopper of the workload does, and how often in a hundred. */
const KINDS = {
  pays: 50,
  declined: 12,
  authenticates: 12,
  cancels: 10,
  anotherCard: 8,
  lost: 8,
} as const;
type Kind = keyof typeof KINDS;

const CARDS: Record<Kind, string> = {
  pays: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  authenticates: 'pm_card_authenticationRequired',
  cancels: 'pm_card_authenticationRequired',
  anotherCard: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  lost: 'pm_card_visa',
};

const kindOf = (roll: number): Kind => {
  let left = roll * 100;
  for (const [kind, share] of Object.entries(KINDS)) {
    left -= share;
    if (left < 0) return kind as Kind;
  }
  return 'pays';
};

export interface Placed {
  kind: Kind;
  id: string;
  accessToken: string;
  /** How often the call had to be sent until there was an answer. */
  tries: number;
}

export interface Workload {
  ware: Ware;
  stocked: number;
  placed: Placed[];
}

/** Sends until there is an answer about an order: a lost answer or a 5xx says nothing. */
const persistently = async (shop: Shop, basket: Parameters<typeof placeOrder>[1]) => {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const answer = await placeOrder(shop, basket).catch(() => undefined);
    const id = answer?.body.id ?? answer?.body.order?.id;
    if (answer && id) return { id, accessToken: answer.body.accessToken, tries };
    if (answer && answer.status < 500) return undefined;
    await Bun.sleep(AGAIN_MS);
  }
  throw new Error('a checkout was never answered');
};

const until = async (work: () => Promise<{ status: number }>): Promise<void> => {
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    const status = await work().then(
      (answer) => answer.status,
      () => 599,
    );
    if (status < 500) return;
    await Bun.sleep(AGAIN_MS);
  }
};

/** Waits until the order asks its shopper for this, or is past asking. */
const asked = (shop: Shop, it: Placed, kind: string): Promise<true> =>
  eventually(`${it.id} asks its shopper: ${kind}`, async () => {
    const answer = await asShopper(shop, it, 'GET').catch(() => undefined);
    if (answer?.status !== 200) return undefined;
    const { nextAction, status } = answer.body;
    const isOpen = status === 'accepted' || status === 'awaiting_payment';
    return nextAction?.kind === kind || !isOpen ? true : undefined;
  });

const AFTER: Partial<Record<Kind, (shop: Shop, it: Placed) => Promise<void>>> = {
  authenticates: async (shop, it) => {
    await asked(shop, it, 'authenticate');
    await authenticate(shop, it.id);
  },
  cancels: (shop, it) => until(() => asShopper(shop, it, 'POST', '/cancel', {})),
  anotherCard: async (shop, it) => {
    await asked(shop, it, 'another_card');
    await until(() => asShopper(shop, it, 'POST', '/payment', { paymentMethod: 'pm_card_visa' }));
  },
};

const buy = async (shop: Shop, ware: Ware, kind: Kind): Promise<Placed | undefined> => {
  const postalCode = kind === 'lost' ? 'LOST 00' : 'IV51 9DE';
  const key = crypto.randomUUID();
  const answer = await persistently(shop, {
    sku: ware.sku,
    paymentMethod: CARDS[kind],
    postalCode,
    key,
  });
  if (!answer) return undefined;
  const placed = { kind, ...answer };
  await AFTER[kind]?.(shop, placed);
  return placed;
};

/** Places `count` orders, some at once; `onHalf` runs when half of them have been sent. */
export const runWorkload = async (
  shop: Shop,
  { seed, count, onHalf }: { seed: number; count: number; onHalf?: () => Promise<void> },
): Promise<Workload> => {
  const random = randomOf(seed);
  const stocked = count + SPARE;
  const ware = await stockedWare(shop, stocked, 10);
  const kinds = Array.from({ length: count }, () => kindOf(random()));
  const placed: Placed[] = [];
  let sent = 0;
  let halfway: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    for (let kind = kinds[sent++]; kind; kind = kinds[sent++]) {
      if (sent > count / 2) halfway ??= onHalf?.();
      const one = await buy(shop, ware, kind);
      if (one) placed.push(one);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await halfway;
  return { ware, stocked, placed };
};
