// Runs the overload drill: measures the gateway's capacity, then its goodput at twice that load.
import { DEFAULT_LOCATION } from '../../domain/stock.ts';
import { REST_LIMIT_MS } from './at-rest.ts';
import { startGateway } from '../support/gateways.ts';
import {
  ADDRESS,
  JSON_TYPE,
  newEmail,
  stockedWare,
  searched,
  type OrderAnswer,
  type Ware,
} from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import type { Broken } from './at-rest.ts';
import { brokenPromises } from './invariants.ts';
import { drained } from './open-orders.ts';
import type { Placed } from './shoppers.ts';
import type { Workload } from './workload.ts';

/** The mix of two hundred calls; an order costs as much as some hundreds of pages. */
const MIX = { product: 120, search: 79, checkout: 1 } as const;
type Kind = keyof typeof MIX;
const ROUND: Kind[] = (Object.keys(MIX) as Kind[]).flatMap((kind) =>
  Array.from({ length: MIX[kind] }, () => kind),
);
/** The mix is walked in strides, so that neighbours are rarely alike. */
const STRIDE = 71;

/** A later response is useless: its shopper has gone, or sent the request again. */
const GOOD_MS: Record<Kind, number> = { product: 1_000, search: 1_000, checkout: 4_000 };
const GIVE_UP_MS = 10_000;
/** Numbers of callers; the best of these levels is the capacity. */
const LEVELS = [8, 16, 32, 64];
const LEVEL_MS = 4_000;
/**
 * The capacity is measured before and after each overload, because other work runs on the machine.
 */
const ROUNDS = 5;
const OVERLOAD_MS = 10_000;
const OFFERED = 2;
const TICK_MS = 5;
/** More callers than the gateway has slots. */
const IN_FLIGHT_MAX = 4_000;
const WARES = 40;
const UNITS = 10;
const RECOVERED_AFTER = 10;
const RECOVERY_LIMIT_MS = 120_000;

/** Counted as in production, but never reached: the drill is about work, not about rates. */
const BOUNDLESS = JSON.stringify({
  policies: (['address', 'principal', 'store'] as const).map((by) => ({
    ...{ name: `drill-${by}`, by, kinds: ['read', 'write', 'checkout'] },
    ...{ quota: 100_000_000, windowSeconds: 10 },
  })),
});

const NODE = 'id name slug priceFrom currency variants { sku price stock { available } }';
const PRODUCT = `query ($id: ID) { product(id: $id) { ${NODE} } }`;
const SEARCH = `query ($text: String, $first: Int) { products(text: $text, first: $first) {
  edges { cursor node { ${NODE} } } pageInfo { hasNextPage endCursor } } }`;

type Outcome = 'good' | 'late' | 'shed' | 'failed';
type Outcomes = Record<Outcome, number>;

interface World {
  url: string;
  wares: Ware[];
  /** The few units that every shopper wants. */
  sale: Ware;
  placed: Placed[];
  /** The e-mail of all its shoppers. */
  email: string;
  calls: number;
}

const requested = (world: World, query: string, variables: object): Promise<Response> =>
  fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });

const wareOf = ({ wares, sale }: World, at: number): Ware => wares[at % wares.length] ?? sale;

const REQUESTS: Record<Kind, (world: World, at: number) => Promise<Response>> = {
  product: (world, at) => requested(world, PRODUCT, { id: wareOf(world, at).productId }),
  // Each query differs a little, so that no two concurrent ones are equal.
  search: (world, at) =>
    requested(world, SEARCH, { text: wareOf(world, at).word, first: 1 + (at % 20) }),
  checkout: (world) =>
    fetch(`${world.url}/orders`, {
      method: 'POST',
      headers: { ...JSON_TYPE, 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify({
        lines: [{ sku: world.sale.sku, quantity: 1 }],
        email: world.email,
        shippingAddress: ADDRESS,
        paymentMethod: 'pm_card_visa',
      }),
      signal: AbortSignal.timeout(GIVE_UP_MS),
    }),
};

/** Sold out is a good response; an error inside a 200 is not. */
const isAnswered = (kind: Kind, status: number, text: string): boolean =>
  kind === 'checkout'
    ? status === 201 || status === 202 || (status === 409 && text.includes('OUT_OF_STOCK'))
    : status === 200 && !text.includes('"errors"');

const notePlaced = ({ placed, sale: { sku }, email }: World, text: string): void => {
  const { id, order, accessToken = '' } = JSON.parse(text) as Partial<OrderAnswer>;
  const known = id ?? order?.id;
  if (!known) return;
  const shopper = { kind: 'races' as const, roll: 0, name: ADDRESS.name };
  placed.push({ ...shopper, sku, id: known, email, accessToken, tries: 1 });
};

const outcomeOf = async (world: World, kind: Kind, at: number): Promise<Outcome> => {
  const startedAt = performance.now();
  try {
    const response = await REQUESTS[kind](world, at);
    const text = await response.text();
    if (text.includes('OVERLOADED')) return 'shed';
    if (!isAnswered(kind, response.status, text)) return 'failed';
    if (kind === 'checkout') notePlaced(world, text);
    return performance.now() - startedAt <= GOOD_MS[kind] ? 'good' : 'late';
  } catch {
    return 'failed';
  }
};

const callNext = (world: World): Promise<Outcome> => {
  const at = world.calls++;
  return outcomeOf(world, ROUND[(at * STRIDE) % ROUND.length] ?? 'product', at);
};

/** Runs this many callers, each with one call at a time; returns good responses a second. */
const closedLoop = async (world: World, callers: number): Promise<number> => {
  const startedAt = performance.now();
  let good = 0;
  const caller = async (): Promise<void> => {
    while (performance.now() - startedAt < LEVEL_MS) {
      if ((await callNext(world)) === 'good') good++;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return (good * 1_000) / (performance.now() - startedAt);
};

/**
 * Sends calls at this rate whatever becomes of earlier ones; returns the good responses meanwhile.
 */
const openLoop = async (world: World, perSecond: number, sum: Outcomes): Promise<number> => {
  const running = new Set<Promise<void>>();
  const startedAt = performance.now();
  const elapsed = () => performance.now() - startedAt;
  let good = 0;
  const note = (outcome: Outcome): void => {
    sum[outcome]++;
    if (outcome === 'good' && elapsed() <= OVERLOAD_MS) good++;
  };
  for (let sent = 0; elapsed() < OVERLOAD_MS; await Bun.sleep(TICK_MS)) {
    const due = Math.floor((elapsed() * perSecond) / 1_000);
    for (; sent < due; sent++) {
      // The generator's own limit: a call that it cannot send counts as unanswered.
      if (running.size >= IN_FLIGHT_MAX) {
        note('failed');
        continue;
      }
      const call = callNext(world).then(note);
      running.add(call);
      void call.finally(() => running.delete(call));
    }
  }
  await Promise.all(running);
  return (good * 1_000) / OVERLOAD_MS;
};

/** Seconds until sequential calls are good again. */
const recovered = async (world: World): Promise<number> => {
  const startedAt = performance.now();
  for (let inARow = 0; inARow < RECOVERED_AFTER;) {
    const outcome = await outcomeOf(world, inARow % 2 === 0 ? 'product' : 'search', inARow);
    inARow = outcome === 'good' ? inARow + 1 : 0;
    if (performance.now() - startedAt > RECOVERY_LIMIT_MS) throw new Error('it never recovered');
  }
  return (performance.now() - startedAt) / 1_000;
};

/** In good responses a second: the capacity before and after, and the goodput of twice that. */
export interface Round {
  before: number;
  goodput: number;
  after: number;
  recoverySeconds: number;
}

export interface Overloaded {
  levels: Record<number, number>;
  rounds: Round[];
  outcomes: Outcomes;
  sold: number;
  units: number;
  broken: Broken;
}

const overloaded = async (world: World, callers: number, sum: Outcomes): Promise<Round[]> => {
  const rounds: Round[] = [];
  let before = await closedLoop(world, callers);
  for (let round = 0; round < ROUNDS; round++) {
    const goodput = await openLoop(world, OFFERED * before, sum);
    const recoverySeconds = await recovered(world);
    const after = await closedLoop(world, callers);
    rounds.push({ before, goodput, after, recoverySeconds });
    before = after;
  }
  return rounds;
};

const worldOf = async (shop: Shop, url: string): Promise<World> => {
  const sale = await stockedWare(shop, UNITS, 10);
  const wares: Ware[] = [];
  for (let at = 0; at < WARES; at++) wares.push(await stockedWare(shop, 100));
  const last = wares.at(-1);
  if (last) await searched(shop, last);
  return { url, wares, sale, placed: [], email: newEmail(), calls: 0 };
};

const soldOf = async ({ sql }: Shop, { sale }: World): Promise<number> => {
  const [row] = await sql`select count(*)::int as sold from orders.orders
    where lines @> ${sql.json([{ sku: sale.sku }])} and status in ('delivered', 'lost')`;
  return Number(row?.['sold']);
};

/** Runs it on the tests' shop, through a gateway of its own. */
export const runOverload = async (shop: Shop): Promise<Overloaded> => {
  const gateway = await startGateway({ HOLDFAST_LIMITS: BOUNDLESS, HOLDFAST_LOG_LEVEL: 'warn' });
  try {
    const world = await worldOf(shop, gateway.url);
    await closedLoop(world, 8);
    const levels: Record<number, number> = {};
    for (const callers of LEVELS) levels[callers] = await closedLoop(world, callers);
    const best = LEVELS.toSorted((a, b) => (levels[b] ?? 0) - (levels[a] ?? 0))[0] ?? 8;
    const outcomes: Outcomes = { good: 0, late: 0, shed: 0, failed: 0 };
    const rounds = await overloaded(world, best, outcomes);
    const { sale, placed, wares } = world;
    const workload: Workload = {
      received: [{ sku: sale.sku, location: DEFAULT_LOCATION, quantity: UNITS }],
      untouched: wares[0] ?? sale,
      placed,
      decisions: new Map(),
      restMs: REST_LIMIT_MS,
    };
    const open = await drained(shop, workload);
    const broken = [...open, ...(await brokenPromises(shop, workload))];
    return { levels, rounds, outcomes, sold: await soldOf(shop, world), units: UNITS, broken };
  } finally {
    await gateway.end();
  }
};
