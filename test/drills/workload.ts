// Runs a seeded workload of orders over mixed cards, and records each call's outcome.
import { randomOf } from '../../ops/random.ts';
import { REST_LIMIT_MS } from './at-rest.ts';
import { asShopper, newEmail, placeOrder, stockedWare, type Ware } from '../support/journeys.ts';
import { authenticate } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';

const AT_ONCE = 8;
/** Units that no shopper of the workload buys. */
const SPARE = 10;
/** Price of one unit, in cents. */
export const UNIT_MINOR = 1_000;
/** A call whose response was lost is sent again under its key, as a browser does. */
const PATIENCE_MS = 240_000;
const AGAIN_MS = 500;

export type Kind =
  | 'pays'
  | 'declined'
  | 'authenticates'
  | 'abandons'
  | 'cancels'
  | 'anotherCard'
  | 'lost'
  | 'returns'
  /** Pays while there is stock. */
  | 'races';
export type Kinds = Partial<Record<Kind, number>>;

/** The kinds of shoppers, with their shares in percent. */
export const KINDS: Kinds = {
  pays: 42,
  declined: 12,
  authenticates: 12,
  cancels: 10,
  anotherCard: 8,
  lost: 8,
  returns: 8,
};

const CARDS: Record<Kind, string> = {
  pays: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  authenticates: 'pm_card_authenticationRequired',
  abandons: 'pm_card_authenticationRequired',
  cancels: 'pm_card_authenticationRequired',
  anotherCard: 'pm_card_visa_chargeDeclinedInsufficientFunds',
  lost: 'pm_card_visa',
  returns: 'pm_card_visa',
  races: 'pm_card_visa',
};

/** A shopper who returns something bought two units, and keeps one. */
const QUANTITIES: Partial<Record<Kind, number>> = { returns: 2 };
const quantityOf = (kind: Kind): number => QUANTITIES[kind] ?? 1;

const kindOf = (kinds: Kinds, roll: number): Kind => {
  let left = roll * 100;
  for (const [kind, share] of Object.entries(kinds)) {
    left -= share;
    if (left < 0) return kind as Kind;
  }
  return 'pays';
};

export interface Placed {
  kind: Kind;
  sku: string;
  id: string;
  email: string;
  accessToken: string;
  /** How often the call was sent until there was a response. */
  tries: number;
}

export interface Workload {
  ware: Ware;
  /** A sku that no shopper buys: a store's lost state of it stays lost. */
  untouched: Ware;
  stocked: number;
  placed: Placed[];
  restMs: number;
}

/** Sends again while there is no response, or one without a result. */
export const persistently = async <T>(what: string, request: () => Promise<T | undefined>) => {
  const end = Date.now() + PATIENCE_MS;
  for (let tries = 1; ; tries++) {
    const answer = await request().catch(() => undefined);
    if (answer !== undefined) return { answer, tries };
    if (Date.now() > end) throw new Error(`${what}: there was no response`);
    await Bun.sleep(AGAIN_MS);
  }
};

const isAnswer = <T extends { status: number }>(answer: T): T | undefined =>
  answer.status < 500 ? answer : undefined;

const published = (it: Placed, call: () => Promise<{ status: number }>): Promise<unknown> =>
  persistently(it.id, async () => isAnswer(await call()));

/** Waits until the order needs this action of its shopper, or no longer does. */
const untilNeeded = (shop: Shop, it: Placed, kind: string): Promise<unknown> =>
  persistently(`${it.id} asks its shopper: ${kind}`, async () => {
    const { status: code, body } = await asShopper(shop, it, 'GET');
    if (code !== 200) return undefined;
    const { nextAction, status } = body;
    const isOpen = status === 'accepted' || status === 'awaiting_payment';
    return nextAction?.kind === kind || !isOpen ? true : undefined;
  });

const delivered = (shop: Shop, it: Placed): Promise<unknown> =>
  persistently(`${it.id} is delivered`, async () => {
    const { body } = await asShopper(shop, it, 'GET');
    return body.status === 'delivered' ? true : undefined;
  });

const AFTER: Partial<Record<Kind, (shop: Shop, it: Placed) => Promise<void>>> = {
  authenticates: async (shop, it) => {
    await untilNeeded(shop, it, 'authenticate');
    await authenticate(shop, it.id);
  },
  cancels: async (shop, it) => {
    await published(it, () => asShopper(shop, it, 'POST', '/cancel', {}));
  },
  anotherCard: async (shop, it) => {
    await untilNeeded(shop, it, 'another_card');
    const card = { paymentMethod: 'pm_card_visa' };
    await published(it, () => asShopper(shop, it, 'POST', '/payment', card));
  },
  returns: async (shop, it) => {
    await delivered(shop, it);
    const one = { lines: [{ sku: it.sku, quantity: 1 }], reason: 'one too many' };
    await published(it, () => asShopper(shop, it, 'POST', '/returns', one));
  },
};

const buy = async (shop: Shop, { sku }: Ware, kind: Kind): Promise<Placed | undefined> => {
  const options = {
    sku,
    quantity: quantityOf(kind),
    paymentMethod: CARDS[kind],
    postalCode: kind === 'lost' ? 'LOST 00' : 'IV51 9DE',
    email: newEmail(),
    key: crypto.randomUUID(),
  };
  // A lost response or a 5xx is no result, unless it names the order.
  const { answer, tries } = await persistently('a checkout', async () => {
    const { status, body } = await placeOrder(shop, options);
    const id = body.id ?? body.order?.id;
    if (id) return { id, accessToken: body.accessToken };
    return status < 500 ? 'refused' : undefined;
  });
  if (answer === 'refused') return undefined;
  const placed = { kind, sku, email: options.email, ...answer, tries };
  await AFTER[kind]?.(shop, placed);
  return placed;
};

export interface Plan {
  seed: number;
  count: number;
  /** Shares of a hundred; the rest pays. */
  kinds?: Kinds;
  /** How long a promise must be broken at rest to be reported. */
  restMs?: number;
}

/** Places `count` orders, some at once; `onHalf` runs when half of them have been sent. */
export const runWorkload = async (
  shop: Shop,
  { seed, count, kinds: shares = KINDS, restMs = REST_LIMIT_MS }: Plan,
  onHalf?: () => Promise<void>,
): Promise<Workload> => {
  const random = randomOf(seed);
  const kinds = Array.from({ length: count }, () => kindOf(shares, random()));
  const stocked = kinds.reduce((sum, kind) => sum + quantityOf(kind), SPARE);
  const ware = await stockedWare(shop, stocked, UNIT_MINOR / 100);
  const untouched = await stockedWare(shop, SPARE, UNIT_MINOR / 100);
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
  return { ware, untouched, stocked, placed, restMs };
};
