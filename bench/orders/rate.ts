// Measures orders per second and CPU per order, with one worker, with two, and beside waiting
// orders.
import postgres from 'postgres';
import { publicEnvironment } from '../../ops/environment.ts';
import type { Instance } from '../../ops/instance.ts';
import { call } from '../../ops/sample/load.ts';
import { end } from '../../ops/supervise.ts';
import { copyName, startProcess } from '../../ops/up.ts';
import type { Plan } from '../method.ts';
import { cpuMicros, idleRates, repeat, WATCHED } from '../watching.ts';
import { ordering, placeOrder } from './placing.ts';

const UNITS = 1_000_000;
const ORDERS = 150;
const WARM_UP = 30;
const FILL_BATCH = 250;
const SETTLE_MS = 2_000;
const SHOWN = ['gateway', 'orders', 'inventory', 'worker', 'relay', 'projector', 'temporal'];
/** A card that requires a confirmation, which never comes. */
const WAITING_CARD = 'pm_card_authenticationRequired';

interface Shop {
  instance: Instance;
  gateway: string;
  sku: string;
}

const openShop = async (instance: Instance): Promise<Shop> => {
  const env = await publicEnvironment(instance);
  const gateway = env['GATEWAY_URL'] ?? '';
  const shop = { gatewayUrl: gateway, storeKey: env['STORE_KEY'] ?? '' };
  const made = (await call(shop, 'POST', '/product', { name: 'Rate', price: 1 })) as {
    id: string;
    variants: { sku: string }[];
  };
  await call(shop, 'PUT', `/product/${made.id}/stock`, { quantity: UNITS });
  return { instance, gateway, sku: made.variants[0]?.sku ?? '' };
};

/**
 * Measures from the first checkout to the last delivery, with the CPU of each process above idle.
 */
const measure = async (name: string, { instance, gateway, sku }: Shop): Promise<void> => {
  const { placeOne, delivered } = ordering(gateway, () => sku);
  await repeat(WARM_UP, placeOne);
  await delivered();
  const idle = await idleRates(instance);
  const before = cpuMicros(instance);
  const startedAt = performance.now();
  await repeat(ORDERS, placeOne);
  const placedSeconds = (performance.now() - startedAt) / 1_000;
  await delivered();
  const seconds = (performance.now() - startedAt) / 1_000;
  const spent = cpuMicros(instance).map((micros, at) => {
    const own = micros - (before[at] ?? 0) - (idle[at] ?? 0) * seconds;
    return Math.max(0, own) / ORDERS / 1_000;
  });
  const shown = SHOWN.map((one) => `${one} ${spent[WATCHED.indexOf(one as never)]?.toFixed(0)}`);
  const [placed, done] = [placedSeconds, seconds].map((one) => (ORDERS / one).toFixed(1));
  console.log(`${name.padEnd(28)} ${placed} placed, ${done} delivered a second`);
  console.log(`  ms of CPU an order: ${shown.join(', ')}`);
};

const waitingNow = async (instance: Instance): Promise<number> => {
  const env = await publicEnvironment(instance);
  const sql = postgres(env['POSTGRES_URL'] ?? '', { max: 1 });
  const [row] = await sql`select count(*)::int as n from orders.orders
    where status = 'awaiting_payment'`;
  await sql.end();
  return row?.['n'] as number;
};

/** Opens orders until enough wait; those of an earlier run count. */
const fill = async ({ instance, gateway, sku }: Shop, idle: number): Promise<void> => {
  const missing = async (): Promise<number> => idle - (await waitingNow(instance));
  for (let left = await missing(); left > 0; left = await missing()) {
    process.stderr.write(`# ${left} more orders are to wait\n`);
    await repeat(Math.min(left, FILL_BATCH), () => placeOrder(gateway, sku, WAITING_CARD));
    // An order that was answered 202 may not have reached its payment step yet.
    await Bun.sleep(SETTLE_MS);
  }
};

/** Measures again with `plan.idle` orders waiting for payment. */
export const orderRate = async (instance: Instance, { idle = 0 }: Plan): Promise<void> => {
  const shop = await openShop(instance);
  const waiting = await waitingNow(instance);
  await measure(`one worker, ${waiting} waiting`, shop);
  await startProcess(instance, 'worker', 2);
  try {
    await measure(`two workers, ${waiting} waiting`, shop);
  } finally {
    await end(instance, copyName('worker', 2));
  }
  if (idle <= waiting) return;
  await fill(shop, idle);
  await measure(`one worker, ${await waitingNow(instance)} waiting`, shop);
};
