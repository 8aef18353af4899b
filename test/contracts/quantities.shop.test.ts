// Tests how many units one order may take, and that operators see which orders hold a product.
import { beforeAll, describe, expect, test } from 'bun:test';
import { confirmedMember, newMember } from '../support/accounts.ts';
import {
  eventually,
  newEmail,
  placeOrder,
  stockedWare,
  type OrderOptions,
} from '../support/journeys.ts';
import { withGateway } from '../support/gateways.ts';
import { asOperator, balance } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const SECURE = 'pm_card_authenticationRequired';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

describe('an order of many units', () => {
  const units = { guest: { sku: 2, order: 2 }, account: { sku: 4, order: 4 } };
  test(
    'is refused above what a guest may take, or an account without a confirmed address',
    () =>
      withGateway({ HOLDFAST_LIMITS: JSON.stringify({ units }) }, async ({ url }) => {
        const here: Shop = { ...shop, env: { ...shop.env, GATEWAY_URL: url } };
        const { sku } = await stockedWare(shop, 10);
        const { token } = await confirmedMember(shop);
        const unproven = (await newMember(shop)).token;
        const buys = (options: Partial<OrderOptions>) =>
          placeOrder(here, { sku, paymentMethod: SECURE, ...options });
        const tooMany = [{ quantity: 3 }, { quantity: 3, token: unproven }, { quantity: 5, token }];
        for (const options of tooMany) {
          const { status, body } = await buys(options);
          expect([status, body.code]).toEqual([409, 'QUANTITY_LIMITED']);
        }
        expect(await balance(shop, sku)).toEqual({ on_hand: 10, reserved: 0 });
        expect((await buys({ quantity: 2 })).status).toBe(202);
        expect((await buys({ quantity: 4, token })).status).toBe(202);
      }),
    LIMIT_MS,
  );
});

interface Holds {
  holds: number;
  quantity: number;
  items: { quantity: number; until: string; order?: { id: string; email: string } }[];
}

describe('what holds a product', () => {
  test(
    'is seen by operators, with its order and its shopper, those with most units first',
    async () => {
      const { sku } = await stockedWare(shop, 10);
      const [few, many] = [newEmail(), newEmail()];
      const orders = await Promise.all(
        [
          { email: few, quantity: 1 },
          { email: many, quantity: 3 },
        ].map((options) => placeOrder(shop, { sku, paymentMethod: SECURE, ...options })),
      );
      const ids = orders.map(({ body }) => body.id);
      const { body } = await eventually('both hold their units', async () => {
        const answer = await asOperator<Holds>(shop, 'GET', `holds?sku=${sku}`);
        return answer.body.holds === 2 ? answer : undefined;
      });
      expect(body.quantity).toBe(4);
      expect(body.items.map(({ quantity, order }) => [quantity, order?.id, order?.email])).toEqual([
        [3, ids[1], many],
        [1, ids[0], few],
      ]);
      const none = await asOperator<Holds>(shop, 'GET', 'holds?sku=NO-SUCH-SKU');
      expect(none.body).toMatchObject({ holds: 0, quantity: 0, items: [] });
    },
    LIMIT_MS,
  );
});
