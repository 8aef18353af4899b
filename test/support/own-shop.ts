// Starts a second set of an order's processes with settings of a test, on the shop's servers.
import type { Setting } from '../../processes/config.ts';
import { newPorts, startOwn, type OwnProcess, type Ports } from './own-processes.ts';
import type { BreakableShop } from './breakable-shop.ts';

export const SERVICES = ['products', 'search', 'inventory', 'orders', 'recovery'] as const;
export type Service = (typeof SERVICES)[number];
const NAMES = [...SERVICES, 'gateway', 'worker'] as const;
type Name = (typeof NAMES)[number];

type Settings = Partial<Record<Setting, string>>;

export interface OwnShop {
  /** The same shop by the URLs of these processes. */
  shop: BreakableShop;
  urls: Record<Service, string>;
  processes: Record<Name, OwnProcess>;
  /** Ends them, and restarts the shop's own worker. */
  end(): Promise<void>;
}

const addressed = (urls: Record<Service, string>): Settings => ({
  HOLDFAST_PRODUCTS_URL: urls.products,
  HOLDFAST_SEARCH_URL: urls.search,
  HOLDFAST_INVENTORY_URL: urls.inventory,
  HOLDFAST_ORDERS_URL: urls.orders,
  HOLDFAST_RECOVERY_URL: urls.recovery,
});

/** Starts all at once; when one fails, the started ones are ended. */
const startAll = async (settings: Settings, ports: Record<Name, Ports>) => {
  const started = await Promise.allSettled(
    NAMES.map(async (name) => [name, await startOwn(name, settings, ports[name])] as const),
  );
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const failed = started.find((one) => one.status === 'rejected');
  if (failed) {
    await Promise.all(running.map(([, one]) => one.end()));
    throw failed.reason;
  }
  return Object.fromEntries(running) as Record<Name, OwnProcess>;
};

/**
 * The shop's own worker is stopped meanwhile: this set's worker takes every step of every order.
 */
export const startOwnShop = async (
  shop: BreakableShop,
  settings: Settings,
  origin = 'http://127.0.0.1',
): Promise<OwnShop> => {
  const ports = {} as Record<Name, Ports>;
  for (const name of NAMES) ports[name] = await newPorts();
  const urls = Object.fromEntries(
    SERVICES.map((name) => [name, `${origin}:${ports[name].port}`]),
  ) as Record<Service, string>;
  await shop.kill('worker');
  try {
    const processes = await startAll({ ...addressed(urls), ...settings }, ports);
    return {
      shop: { ...shop, env: { ...shop.env, GATEWAY_URL: processes.gateway.url } },
      urls,
      processes,
      end: async () => {
        await Promise.all(Object.values(processes).map((one) => one.end()));
        await shop.startProcess('worker');
      },
    };
  } catch (error) {
    await shop.startProcess('worker');
    throw error;
  }
};
