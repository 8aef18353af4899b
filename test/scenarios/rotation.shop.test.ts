// Tests that service keys rotate under traffic without a failed request.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { testInstance } from '../../ops/instance.ts';
import { rotateServiceKeys } from '../../ops/identity/service-keys.ts';
import {
  asStore,
  eventually,
  graphql,
  request,
  searched,
  stockedWare,
} from '../support/journeys.ts';
import { bearer, newStore } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 120_000;
const LEAD_SECONDS = 6;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const publishedKids = async (): Promise<string[]> => {
  const url = `${shop.env['GATEWAY_URL']}/.well-known/jwks.json`;
  const { body } = await request<{ keys: { kid: string; d?: string }[] }>(url);
  expect(body.keys.some((key) => 'd' in key)).toBe(false);
  return body.keys.map(({ kid }) => kid);
};

describe('service keys', () => {
  test(
    'rotate under traffic without a failed request',
    async () => {
      const ware = await stockedWare(shop, 3);
      await searched(shop, ware);
      const query = `{ product(id: "${ware.productId}") { variants { stock { available } } } }`;
      // Unknown stores: a token is minted for each, by the newest key.
      const stores = await Promise.all(
        Array.from({ length: 40 }, () => newStore(shop, ['inventory:read', 'products:read'])),
      );
      let isOver = false;
      const failures: unknown[] = [];
      let calls = 0;
      const traffic = async (): Promise<void> => {
        for (; !isOver; calls++) {
          const own = await asStore(shop, 'GET', `/product/${ware.productId}/stock`);
          if (own.status !== 200) failures.push(own);
          const { body } = await graphql(shop, query);
          const data = body.data as { product?: { variants: { stock: unknown }[] } } | undefined;
          if (!data?.product?.variants[0]?.stock) failures.push(body);
          const { key } = stores[calls % stores.length] ?? { key: '' };
          const path = `/product/${newId('product')}/stock`;
          const foreign = await request(`${shop.env['GATEWAY_URL']}${path}`, {
            headers: bearer(key),
          });
          if (foreign.status !== 404) failures.push(foreign);
          await Bun.sleep(50);
        }
      };
      const running = traffic();
      const kids = rotateServiceKeys(testInstance(), LEAD_SECONDS);
      await eventually('the new keys are published', async () => {
        const published = await publishedKids();
        return kids.every((kid) => published.includes(kid)) ? true : undefined;
      });
      await Bun.sleep((LEAD_SECONDS + 3) * 1_000);
      const seen = calls;
      await eventually('calls use the new keys', async () => (calls > seen + 5 ? true : undefined));
      isOver = true;
      await running;
      expect(failures).toEqual([]);
    },
    LIMIT_MS,
  );
});
