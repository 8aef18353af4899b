// A quick selection of the drills, and the proof that a broken promise would be seen.
import { beforeAll, describe, expect, test } from 'bun:test';
import Stripe from 'stripe';
import { reservationIdOf } from '../../domain/ids.ts';
import { inventoryOf } from '../support/inventory.ts';
import { placeOrder } from '../support/journeys.ts';
import { reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { runDrill } from './drill.ts';
import { brokenPromises, drained } from './invariants.ts';
import { runWorkload } from './workload.ts';

const LIMIT_MS = 180_000;
const COUNT = 16;
const SEED = 20_261_125;
const QUICK = [
  'provider-answer-lost',
  'provider-saved-500',
  'webhooks-five-times',
  'worker-killed',
];

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
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

describe('a bug that would break a promise is seen', () => {
  const delivered = async () => {
    const workload = await runWorkload(shop, { seed: 1, count: 2 });
    await drained(shop, workload);
    const { body } = await placeOrder(shop, { sku: workload.ware.sku });
    await reached(shop, body.id, 'delivered');
    return { workload, id: body.id };
  };

  test(
    'the provider is asked without the key',
    async () => {
      const { workload, id } = await delivered();
      const base = new URL(shop.env['STRIPE_SANDBOX_URL'] ?? '');
      const stripe = new Stripe('sk_test_planted', {
        host: base.hostname,
        port: base.port,
        protocol: 'http',
      });
      await stripe.paymentIntents.create({
        amount: 1_000,
        currency: 'usd',
        confirm: true,
        payment_method: 'pm_card_visa',
        metadata: { orderId: id },
      });
      const broken = await brokenPromises(shop, workload);
      expect(broken.map((one) => one.slice(0, 2))).toEqual(expect.arrayContaining(['M1', 'M2']));
    },
    LIMIT_MS,
  );

  test(
    'a claim is given back by a stray event',
    async () => {
      const { workload, id } = await delivered();
      await inventoryOf(shop).reverseClaim({ reservationId: reservationIdOf(id) });
      const broken = await brokenPromises(shop, workload);
      expect(broken.map((one) => one.slice(0, 2))).toContain('S2');
    },
    LIMIT_MS,
  );
});
