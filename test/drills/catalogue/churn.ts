// Runs seeded writes to one store's catalogue: prices, stock, deletions, names and slugs change.
import { eventually, JSON_TYPE, request, type Answer } from '../../support/journeys.ts';
import { bearer, type Store } from '../../support/refusals.ts';
import type { Shop } from '../../support/shop.ts';
import { randomOf } from '../../../ops/random.ts';

const LANES = 4;
/** Writes go on at a steady pace, so that a fault meets some of them at any moment. */
const PACE_MS = 20;
const PRODUCTS_MIN = 40;
const PRODUCTS_MAX = 400;
/** Products that one call of a batch changes. */
const BATCH = 25;
const SHELVES = 3;
/** A call whose response was lost is sent again under its key, as a store's program does. */
const ANSWERED_LIMIT_MS = 180_000;
const ANSWER_LIMIT_MS = 15_000;

/** The kinds of writes, with their shares in percent. */
const KINDS = { priced: 44, stocked: 22, batched: 8, renamed: 9, replaced: 9, shelved: 8 } as const;
type Kind = keyof typeof KINDS;

const kindOf = (roll: number): Kind => {
  let left = roll * 100;
  for (const [kind, share] of Object.entries(KINDS)) {
    left -= share;
    if (left < 0) return kind as Kind;
  }
  return 'priced';
};

/** One of the churn's product slots; another product may take over the slot and its slug. */
interface Slot {
  id: string;
  slug: string;
}

export interface Churn {
  store: Store;
  /** Calls with a response, and those of them that were refused. */
  calls: number;
  refused: number;
  /** Calls that had to be sent again because their outcome was unknown. */
  unknown: number;
  /** Ids of written products, once for each write. */
  written: number;
  slots: Slot[];
  shelves: string[];
  /** Called with every new product. */
  onMade(id: string): void;
}

interface Made {
  id: string;
  slug: string;
}

const isAnswer = ({ status, body }: Answer<{ code?: string }>): boolean =>
  status < 500 && status !== 429 && body.code !== 'IDEMPOTENCY_KEY_IN_FLIGHT';

/** Sends again under the key until there is a response: a lost one or a 5xx is no result. */
const call = async <T>(
  { env }: Shop,
  churn: Churn,
  [method, path, body]: [method: string, path: string, body?: object],
): Promise<Answer<T>> => {
  const key = crypto.randomUUID();
  let tries = 0;
  const answer = await eventually(
    `${method} ${path} is answered`,
    async () => {
      tries++;
      const one = await request<T & { code?: string }>(`${env['GATEWAY_URL']}${path}`, {
        method,
        headers: { ...JSON_TYPE, ...bearer(churn.store.key), 'idempotency-key': key },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
      }).catch(() => undefined);
      return one && isAnswer(one) ? one : undefined;
    },
    ANSWERED_LIMIT_MS,
  );
  churn.calls++;
  if (tries > 1) churn.unknown++;
  if (answer.status >= 400) churn.refused++;
  return answer;
};

type Act = (shop: Shop, churn: Churn, at: number, value: number) => Promise<number>;

const slotAt = ({ slots }: Churn, at: number): Slot => {
  const slot = slots[at % slots.length];
  if (!slot) throw new Error('the churn has no products');
  return slot;
};

const put = (churn: Churn, slot: Slot, id: string): void => {
  slot.id = id;
  churn.onMade(id);
};

/** Each returns how many products it requested to write. */
const ACTS: Record<Kind, Act> = {
  priced: async (shop, churn, at, value) => {
    await call(shop, churn, ['PUT', `/product/${slotAt(churn, at).id}`, { price: value % 90 }]);
    return 1;
  },
  stocked: async (shop, churn, at, value) => {
    const path = `/product/${slotAt(churn, at).id}/stock`;
    await call(shop, churn, ['PUT', path, { quantity: value % 3 }]);
    return 1;
  },
  batched: async (shop, churn, at, value) => {
    const ids = Array.from({ length: BATCH }, (_, next) => slotAt(churn, at + next).id);
    const products = [...new Set(ids)].map((id, next) => ({ id, price: (value + next) % 90 }));
    await call(shop, churn, ['POST', '/products:batch', { products }]);
    return products.length;
  },
  // The next product takes the slug of this one.
  renamed: async (shop, churn, at, value) => {
    const [one, next] = [slotAt(churn, at), slotAt(churn, at + 1)];
    const { slug } = one;
    for (const [slot, write] of [
      [one, { name: `Churned ${value % 7}`, slug: `${slug.slice(0, 40)}-${value}` }],
      [next, { slug }],
    ] as const) {
      const { body } = await call<Made>(shop, churn, ['PUT', `/product/${slot.id}`, write]);
      slot.slug = body.slug ?? slot.slug;
    }
    return 2;
  },
  replaced: async (shop, churn, at, value) => {
    const slot = slotAt(churn, at);
    await call(shop, churn, ['DELETE', `/product/${slot.id}`]);
    const write = { name: `Back again ${value % 7}`, price: value % 90, slug: slot.slug };
    const { status, body } = await call<Made>(shop, churn, ['POST', '/product', write]);
    if (status === 201) put(churn, slot, body.id);
    return 2;
  },
  shelved: async (shop, churn, at, value) => {
    const shelf = churn.shelves[value % SHELVES] ?? '';
    const { id } = slotAt(churn, at);
    if (value % 2 === 0) {
      await call(shop, churn, ['PUT', `/product/${id}/collections`, { collectionIds: [shelf] }]);
    } else await call(shop, churn, ['PUT', `/collection/${shelf}/products`, { productIds: [id] }]);
    return 1;
  },
};

/** The products and collections that the churn begins with. */
const stock = async (shop: Shop, churn: Churn, count: number): Promise<void> => {
  for (let at = 0; at < SHELVES; at++) {
    const made = await call<Made>(shop, churn, ['POST', '/collection', { name: `Shelf ${at}` }]);
    churn.shelves.push(made.body.id);
  }
  const length = Math.min(PRODUCTS_MAX, Math.max(PRODUCTS_MIN, Math.floor(count / 20)));
  const products = Array.from({ length }, (_, at) => ({
    ...{ name: `Churned ${at % 7}`, slug: `churned-${at}`, price: at % 90 },
  }));
  const { body } = await call<{ results: Made[] }>(shop, churn, [
    ...(['POST', '/products:batch', { products }] as const),
  ]);
  churn.slots = body.results.map(({ id }, at) => ({ id, slug: `churned-${at}` }));
  for (const slot of churn.slots) put(churn, slot, slot.id);
  churn.written += length;
};

interface ChurnPlan {
  seed: number;
  /** The least number of products written. */
  count: number;
  onMade?: ((id: string) => void) | undefined;
  /** Runs beside the churn, from a tenth of it on; the churn does not end before it. */
  beside?: ((isOver: () => boolean) => Promise<void>) | undefined;
}

/** Runs several lanes over the same products until `count` of them were written. */
export const runChurn = async (
  shop: Shop,
  store: Store,
  { seed, count, beside, onMade = () => undefined }: ChurnPlan,
): Promise<Churn> => {
  const random = randomOf(seed);
  const churn: Churn = {
    ...{ store, calls: 0, refused: 0, unknown: 0, written: 0, slots: [], shelves: [] },
    onMade,
  };
  await stock(shop, churn, count);
  let isOver = false;
  let besides: Promise<void> | undefined;
  const lane = async (): Promise<void> => {
    while (churn.written < count) {
      if (churn.written > count / 10) besides ??= beside?.(() => isOver);
      const kind = kindOf(random());
      const [at, value] = [Math.floor(random() * 1e6), Math.floor(random() * 1e6)];
      const written = await ACTS[kind](shop, churn, at, value);
      churn.written += written;
      await Bun.sleep(PACE_MS);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane)).finally(() => (isOver = true));
  await besides;
  return churn;
};
