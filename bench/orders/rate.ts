// Orders a second and the CPU of one, by one worker and by two, and beside orders that only wait.
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
const FILLED_AT_ONCE = 250;
const SETTLE_MS = 2_000;
const SHOWN = ['gateway', 'orders', 'inventory', 'worker', 'relay', 'projector', 'temporal'];
/** Its shopper is asked for a confirmation that never comes. */
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

/** From the first checkout to the last doorstep, and what it took of each process beyond idling. */
const measure = async (name: string, { instance, gateway, sku }: Shop): Promise<void> => {
  const { place, delivered } = ordering(gateway, () => sku);
  await repeat(WARM_UP, place);
  await delivered();
  const idle = await idleRates(instance);
  const before = cpuMicros(instance);
  const startedAt = performance.now();
  await repeat(ORDERS, place);
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

/** Opens orders until so many wait; those of an earlier run still do. */
const fill = async ({ instance, gateway, sku }: Shop, idle: number): Promise<void> => {
  const missing = async (): Promise<number> => idle - (await waitingNow(instance));
  for (let left = await missing(); left > 0; left = await missing()) {
    process.stderr.write(`# ${left} more orders are to wait\n`);
    await repeat(Math.min(left, FILLED_AT_ONCE), () => placeOrder(gateway, sku, WAITING_CARD));
    // An order that was answered 202 may not have come to its shopper yet.
    await Bun.sleep(SETTLE_MS);
  }
};

/** In the end `plan.idle` orders wait for their shopper all the while. */
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
