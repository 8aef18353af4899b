// Runs some drills of orders, and proves that they detect a broken promise.
import { beforeAll, describe, expect, test } from 'bun:test';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { runDrill } from './drill.ts';
import { PLANTED, withPlanted } from './planted.ts';

const LIMIT_MS = 180_000;
const COUNT = 16;
const SEED = 20_261_125;
const QUICK = [
  'provider-answer-lost',
  'provider-saved-500',
  'webhooks-five-times',
  'worker-killed',
  'carrier-away',
  'carrier-refuses',
  'parcels-split-worker-killed',
  'disputes-worker-killed',
  'returns-inspected-worker-killed',
];

let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);

describe('orders under a fault keep every promise', () => {
  for (const [at, name] of QUICK.entries()) {
    test(
      name,
      async () => {
        const { broken } = await runDrill(shop, name, { seed: SEED + at, count: COUNT });
        expect(broken).toEqual([]);
      },
      LIMIT_MS,
    );
  }
});

describe('a planted bug is detected', () => {
  for (const [name, planted] of Object.entries(PLANTED)) {
    test(
      name,
      async () => {
        const { fault, plan, breaks } = planted;
        const { broken } = await withPlanted(shop, planted, () => runDrill(shop, fault, plan));
        const names = broken.map((one) => one.slice(0, 2));
        expect(breaks.filter((one) => names.includes(one))).toEqual([...breaks]);
      },
      LIMIT_MS,
    );
  }
});
