// Every process of an order's road once more, as a test wants them, on the servers of the shop.
import type { Setting } from '../../processes/config.ts';
import { newPorts, startOwn, type OwnProcess, type Ports } from './own-processes.ts';
import type { Shop } from './shop.ts';

export const SERVICES = ['products', 'search', 'inventory', 'orders', 'recovery'] as const;
export type Service = (typeof SERVICES)[number];
const NAMES = [...SERVICES, 'gateway', 'worker'] as const;
type Name = (typeof NAMES)[number];

type Settings = Partial<Record<Setting, string>>;

export interface OwnShop {
  /** The same shop by the doors of these processes. */
  shop: Shop;
  urls: Record<Service, string>;
  processes: Record<Name, OwnProcess>;
  /** Ends them, and has the shop's own worker work again. */
  end(): Promise<void>;
}

const addressed = (urls: Record<Service, string>): Settings => ({
  HOLDFAST_PRODUCTS_URL: urls.products,
  HOLDFAST_SEARCH_URL: urls.search,
  HOLDFAST_INVENTORY_URL: urls.inventory,
  HOLDFAST_ORDERS_URL: urls.orders,
  HOLDFAST_RECOVERY_URL: urls.recovery,
});

/** Started all at once; what did start is ended when another one does not. */
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

/** The shop's own worker rests meanwhile: every step of every order is taken by this one. */
export const startOwnShop = async (
  shop: Shop,
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
