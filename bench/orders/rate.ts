// Orders a second and the CPU of one, by one worker and by two, and beside orders that only wait.
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

/** `plan.idle` orders are opened first that wait for their shopper all the while. */
export const orderRate = async (instance: Instance, { idle = 0 }: Plan): Promise<void> => {
  const shop = await openShop(instance);
  await measure('one worker', shop);
  await startProcess(instance, 'worker', 2);
  try {
    await measure('two workers', shop);
  } finally {
    await end(instance, copyName('worker', 2));
  }
  if (idle === 0) return;
  await repeat(idle, () => placeOrder(shop.gateway, shop.sku, WAITING_CARD));
  await measure(`one worker, ${idle} waiting`, shop);
};
