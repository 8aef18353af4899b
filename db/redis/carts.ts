// Carts in Redis: one text per key, changed by compare-and-set, with a TTL.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cart } from '../../domain/carts/cart.ts';
import { DomainError } from '../../domain/errors.ts';
import { CURRENCIES } from '../../domain/money.ts';
import type { RedisClient } from './client.ts';
import { runScript, scriptOf } from './scripts.ts';

const REPLACE = scriptOf('carts.lua');
/** Attempts of one writer: each round of concurrent writers completes one of them. */
const TRIES_MAX = 200;
const PAUSE_MS_MAX = 5;
/** Above this share of its memory a server takes no new carts of guests; the rest is for others. */
const FULL_SHARE = 0.9;
const FULL_RETRY_SECONDS = 60;
/** A server's memory is read this often at most, in ms. */
const MEMORY_LOOK_MS = 1_000;
/** TTL of an empty cart, which is short because nothing is lost with it. */
const EMPTY_LIFE_MS = 60 * 60_000;

const line = z.object({
  sku: z.string(),
  quantity: z.number(),
  productId: z.string(),
  name: z.string(),
  unitMinor: z.number(),
  currency: z.enum(CURRENCIES),
});
const checkout = z.object({
  key: z.string(),
  principal: z.string(),
  beganAtMs: z.number(),
  lines: z.array(line),
});
const stored = z.object({
  lines: z.array(line),
  checkout: checkout.optional(),
  bought: checkout.extend({ orderId: z.string() }).optional(),
  additions: z.array(z.object({ key: z.string(), body: z.string() })),
  mergedFrom: z.array(z.string()),
  movedTo: z.string().optional(),
});

/**
 * `cart:{…}`: a hash of the store and the cart's account or id, because a guest's id opens the
 * cart. TTL: the life of a cart since its last read.
 */
const keyOf = (storeId: string, name: string): string =>
  `cart:{${createHash('sha256').update(`${storeId}/${name}`).digest('base64url')}}`;

const cartOf = (text: string | null | undefined): Cart | undefined => {
  const result = text ? stored.safeParse(JSON.parse(text)) : undefined;
  return result?.success ? result.data : undefined;
};

/** The used share of the memory that a server may use, from 0 to 1; 0 without a limit. */
export const usedShareOf = (info: string): number => {
  const numberOf = (name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  const most = numberOf('maxmemory');
  return most === 0 ? 0 : numberOf('used_memory') / most;
};

/** True while a server is nearly full, read at most once a second. */
const watchMemory = (client: RedisClient) => {
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<boolean> = Promise.resolve(false);
  const read = (): Promise<boolean> =>
    client.run('cart.memory', async () => {
      const infos = await Promise.all(client.masters().map((one) => one.info('memory')));
      return infos.some((info) => usedShareOf(info) > FULL_SHARE);
    });
  return (): Promise<boolean> => {
    if (performance.now() - readAt < MEMORY_LOOK_MS) return reading;
    readAt = performance.now();
    reading = read();
    return reading;
  };
};

/** Makes the next cart from the present one; the same object or undefined writes nothing. */
export type CartChange<T> = (present: Cart | undefined) => T;

export const createCartStore = (client: RedisClient, lifeMs: number) => {
  const lifeOf = ({ lines, checkout: underWay, bought }: Cart): number =>
    lines.length === 0 && !underWay && !bought ? Math.min(EMPTY_LIFE_MS, lifeMs) : lifeMs;
  const read = (storeId: string, name: string): Promise<{ mark: string; cart: Cart | undefined }> =>
    client.run('cart.read', async (redis) => {
      const key = keyOf(storeId, name);
      const [mark, text] = await redis.hmget(key, 'mark', 'cart').catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
        throw error;
      });
      return { mark: mark ?? '', cart: cartOf(text) };
    });
  const replace = (storeId: string, name: string, mark: string, next: Cart): Promise<boolean> =>
    client.run('cart.replace', async (redis) => {
      const words = [mark, crypto.randomUUID(), JSON.stringify(next), lifeOf(next)];
      return (await runScript(redis, REPLACE, [keyOf(storeId, name)], words)) === 1;
    });
  const isNearlyFull = watchMemory(client);
  return {
    /**
     * Refuses a guest's new cart while the server is nearly full: anyone can make them, and the
     * carts of others would be evicted for them. OVERLOADED.
     */
    assertRoomForGuest: async (): Promise<void> => {
      if (!(await isNearlyFull())) return;
      throw new DomainError('OVERLOADED', 'no new carts at the moment', {
        retryAfterSeconds: FULL_RETRY_SECONDS,
      });
    },
    /** The cart, whose TTL is renewed; undefined when there is none. */
    find: async (storeId: string, name: string): Promise<Cart | undefined> => {
      const { cart } = await read(storeId, name);
      if (cart) {
        await client.run('cart.renew', (redis) =>
          redis.pexpire(keyOf(storeId, name), lifeOf(cart)),
        );
      }
      return cart;
    },
    /** Changes a cart atomically; when `change` throws, nothing changes. */
    change: async <T extends Cart | undefined>(
      storeId: string,
      name: string,
      change: CartChange<T>,
    ): Promise<T> => {
      for (let tries = 0; tries < TRIES_MAX; tries++) {
        const { mark, cart } = await read(storeId, name);
        const next = change(cart);
        if (!next || next === cart || (await replace(storeId, name, mark, next))) return next;
        await Bun.sleep(Math.random() * PAUSE_MS_MAX);
      }
      throw new DomainError('OVERLOADED', 'too many concurrent changes of this cart');
    },
    remove: (storeId: string, name: string): Promise<void> =>
      client.run('cart.remove', async (redis) => void (await redis.del(keyOf(storeId, name)))),
  };
};

export type CartStore = ReturnType<typeof createCartStore>;
