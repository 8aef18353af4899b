// Faults on the road of an order: how each is switched on and off, by signals and by sandboxes.
import { control } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';

export interface Fault {
  on(shop: Shop): Promise<void>;
  off(shop: Shop): Promise<void>;
  /** How long it lasts, in ms. */
  lastsMs: number;
}

const nothing = async (): Promise<void> => undefined;

const provider = (action: string, times: number, more: object = {}): Fault => ({
  on: async (shop) => {
    const fault = { method: 'POST', path: '/v1/*', action, times, ...more };
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', fault);
  },
  off: async (shop) => void (await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', 'faults')),
  lastsMs: 3_000,
});

const webhooks = (order: object): Fault => ({
  on: async (shop) => void (await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', order)),
  off: async (shop) =>
    void (await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action: 'normal' })),
  lastsMs: 3_000,
});

const frozen = (name: Parameters<Shop['freeze']>[0], lastsMs: number): Fault => ({
  on: async (shop) => shop.freeze(name, 'SIGSTOP'),
  off: async (shop) => shop.freeze(name, 'SIGCONT'),
  lastsMs,
});

const killedServer = (name: 'postgres' | 'redis' | 'kafka' | 'temporal' | 'cassandra'): Fault => ({
  on: (shop) => shop.kill(name),
  off: (shop) => shop.startServer(name),
  lastsMs: 2_000,
});

const killedProcess = (name: 'worker' | 'orders' | 'inventory' | 'relay'): Fault => ({
  on: (shop) => shop.kill(name),
  off: (shop) => shop.startProcess(name),
  lastsMs: 500,
});

/** By the names of the promises' own list. */
export const FAULTS: Record<string, Fault> = {
  none: { on: nothing, off: nothing, lastsMs: 0 },
  'provider-answer-lost': provider('apply_then_drop', 10),
  'provider-saved-500': provider('apply_then_500', 10),
  'provider-409': provider('status:409', 10),
  'provider-429-storm': provider('status:429', 60),
  'provider-down': provider('drop_before', 1_000),
  'provider-hangs': provider('hang', 3, { forMs: 12_000 }),
  'webhooks-five-times': webhooks({ action: 'duplicate', times: 5 }),
  'webhooks-reversed': webhooks({ action: 'reorder' }),
  'webhooks-late': webhooks({ action: 'delay', delayMs: 5_000 }),
  'worker-killed': killedProcess('worker'),
  'worker-frozen': frozen('worker', 8_000),
  'orders-killed': killedProcess('orders'),
  'inventory-killed': killedProcess('inventory'),
  'relay-killed': killedProcess('relay'),
  'temporal-killed': killedServer('temporal'),
  'temporal-frozen': frozen('temporal', 6_000),
  'postgres-killed': killedServer('postgres'),
  'postgres-frozen': frozen('postgres', 6_000),
  'redis-killed': killedServer('redis'),
  'kafka-killed': killedServer('kafka'),
  'cassandra-frozen': frozen('cassandra', 6_000),
};
