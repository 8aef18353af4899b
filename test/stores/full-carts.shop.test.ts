// Tests a server of carts that is nearly full: it takes no new carts of guests, and keeps the rest.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { Redis } from 'ioredis';
import { redisSettings } from '../../ops/servers/redis.ts';
import { call, newMember } from '../support/accounts.ts';
import { startGateway, type Gateway } from '../support/gateways.ts';
import { eventually, stockedWare } from '../support/journeys.ts';
import { newPorts } from '../support/own-processes.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const FILLING = 'x'.repeat(64 * 1024);
const FILLING_LIFE_MS = 60 * 60_000;

let shop: Shop;
let server: Bun.Subprocess;
let redis: Redis;
let gateway: Gateway;
beforeAll(async () => {
  const { port } = await newPorts();
  const settings = { ...redisSettings('redis-carts'), maxmemory: '8mb', port: String(port) };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  server = Bun.spawn(['redis-server', ...args], { stdio: ['ignore', 'ignore', 'ignore'] });
  redis = new Redis(port, '127.0.0.1');
  redis.on('error', () => undefined);
  shop = await openShop();
  gateway = await startGateway({ HOLDFAST_CARTS_REDIS_URL: `redis://127.0.0.1:${port}` });
}, UP_LIMIT_MS);
afterAll(async () => {
  await gateway.end();
  redis.disconnect();
  server.kill();
});

test(
  'a guest gets no new cart while the carts are full, and carts that there are go on',
  async () => {
    const here: Shop = { ...shop, env: { ...shop.env, GATEWAY_URL: gateway.url } };
    const { sku } = await stockedWare(shop, 5);
    const lines = [{ sku, quantity: 1 }];
    const { token } = await newMember(shop);
    const newCart = () => call<{ id: string }>(here, 'POST', '/carts', { body: { lines } });
    const { status, body } = await newCart();
    expect(status).toBe(201);
    const filled: string[] = [];
    await eventually('the carts are full', async () => {
      const key = `filling:${crypto.randomUUID()}`;
      await redis.set(key, FILLING, 'PX', FILLING_LIFE_MS);
      filled.push(key);
      const answer = await newCart();
      if (answer.status === 201) return undefined;
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '60']);
      expect(answer.body).toMatchObject({ code: 'OVERLOADED' });
      return true;
    });
    const guests = await call(here, 'POST', `/carts/${body.id}/lines`, { body: lines[0] });
    expect(guests.status).toBe(200);
    const accounts = await call(here, 'POST', '/cart/lines', { token, body: lines[0] });
    expect(accounts.status).toBe(200);
    await redis.del(filled);
    await eventually('a guest gets a new cart', async () =>
      (await newCart()).status === 201 ? true : undefined,
    );
  },
  LIMIT_MS,
);
