// Measures the CPU of one operation per process, in microseconds: the figures of docs/capacity.md.
import { publicEnvironment } from '../ops/environment.ts';
import type { Instance } from '../ops/instance.ts';
import { call } from '../ops/sample/load.ts';
import { answered, ordering } from './orders/placing.ts';
import { inventoryCalls, stockedSkus } from './stock/calls.ts';
import { cpuMicros, idleRates, repeat, WATCHED } from './watching.ts';

const WARM_UP_SHARE = 0.25;
const SKUS = 100;
const UNITS = 1_000_000;

interface Operation {
  name: string;
  count: number;
  run(): Promise<unknown>;
  /** Background work after the response; waited for before CPU is read. */
  settle?(): Promise<void>;
}

const SEARCH = `query ($text: String) { products(text: $text, first: 20) { edges { cursor node {
  id name slug priceFrom currency variants { sku price stock { available } } } }
  pageInfo { hasNextPage endCursor } } }`;
const PRODUCT = 'query ($id: ID!) { product(id: $id) { id name variants { sku price } } }';

const graphqlCall = (query: string, variables: object): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query, variables }),
});

const operationsOf = async (env: Record<string, string>): Promise<Operation[]> => {
  const gateway = env['GATEWAY_URL'] ?? '';
  const shop = { gatewayUrl: gateway, storeKey: env['STORE_KEY'] ?? '' };
  const made = (await call(shop, 'POST', '/product', { name: 'Costs of it', price: 1 })) as {
    id: string;
    variants: { sku: string }[];
  };
  await call(shop, 'PUT', `/product/${made.id}/stock`, { quantity: UNITS });
  const sku = made.variants[0]?.sku ?? '';
  const skus = await stockedSkus(env, SKUS, UNITS);
  const any = (): string => skus[Math.floor(Math.random() * SKUS)] ?? '';
  const { done } = inventoryCalls(env);
  const reserve = async (claims: boolean): Promise<void> => {
    const reservationId = crypto.randomUUID();
    const lines = [{ sku: any(), quantity: 1 }];
    await done('Reserve', { reservationId, lines, expiresIn: '600s' });
    if (claims) await done('ClaimReservation', { reservationId });
  };
  const { placeOne, delivered } = ordering(gateway, () => sku);
  const key = { authorization: `Bearer ${env['STORE_KEY']}` };
  const search = graphqlCall(SEARCH, { text: 'jacket' });
  const product = graphqlCall(PRODUCT, { id: made.id });
  return [
    {
      name: 'product by REST',
      count: 3_000,
      run: () => answered(`${gateway}/product/${made.id}`, { headers: key }),
    },
    {
      name: 'product by GraphQL',
      count: 3_000,
      run: () => answered(`${gateway}/graphql`, product),
    },
    { name: 'search page of 20', count: 1_500, run: () => answered(`${gateway}/graphql`, search) },
    { name: 'stock read', count: 4_000, run: () => done('BatchGetStock', { skus: [any()] }) },
    { name: 'reserve', count: 2_000, run: () => reserve(false) },
    { name: 'reserve and claim', count: 1_500, run: () => reserve(true) },
    { name: 'order to delivered', count: 200, run: placeOne, settle: delivered },
    {
      name: 'product change',
      count: 500,
      run: () => call(shop, 'PUT', `/product/${made.id}`, { price: 2 }),
      settle: () => Bun.sleep(3_000),
    },
  ];
};

/** Prints one row per operation: microseconds of CPU per process, and operations per second. */
export const costs = async (instance: Instance): Promise<void> => {
  const operations = await operationsOf(await publicEnvironment(instance));
  const idle = await idleRates(instance);
  console.log(['operation'.padEnd(20), ...WATCHED, 'all', 'a second'].join('  '));
  for (const { name, count, run, settle } of operations) {
    await repeat(Math.ceil(count * WARM_UP_SHARE), run);
    await settle?.();
    const before = cpuMicros(instance);
    const startedAt = performance.now();
    await repeat(count, run);
    const perSecond = (count / (performance.now() - startedAt)) * 1_000;
    await settle?.();
    const seconds = (performance.now() - startedAt) / 1_000;
    const each = cpuMicros(instance).map((micros, at) => {
      const spent = micros - (before[at] ?? 0) - (idle[at] ?? 0) * seconds;
      return Math.max(0, spent) / count;
    });
    const cells = each.map((micros, at) => micros.toFixed(0).padStart(WATCHED[at]?.length ?? 0));
    const all = each.reduce((sum, micros) => sum + micros, 0).toFixed(0);
    console.log([name.padEnd(20), ...cells, all, perSecond.toFixed(0)].join('  '));
  }
};
