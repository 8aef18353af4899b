// Tests revoked tokens of orders: by their guest, by their account, and by an operator.
import { beforeAll, describe, expect, test } from 'bun:test';
import { call, newMember } from '../support/accounts.ts';
import { withGateway } from '../support/gateways.ts';
import {
  ADDRESS,
  eventually,
  JSON_TYPE,
  placeOrder,
  request,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { bearer } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const WAITING = 'pm_card_authenticationRequired';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const guestsOrder = async (): Promise<OrderAnswer> => {
  const { sku } = await stockedWare(shop, 2);
  return (await placeOrder(shop, { sku, paymentMethod: WAITING })).body;
};
const read = (id: string, token: string) => call(shop, 'GET', `/orders/${id}`, { token });
const revoke = (id: string, token: string) =>
  call<{ id: string; accessToken: string }>(shop, 'POST', `/orders/${id}/revoke-token`, {
    token,
    body: {},
  });

describe('the token of an order', () => {
  test(
    'ends when its guest revokes it; the response has the next one',
    async () => {
      const { id, accessToken } = await guestsOrder();
      const { status, body } = await revoke(id, accessToken);
      expect([status, body.id]).toEqual([200, id]);
      expect(body.accessToken).not.toBe(accessToken);
      expect((await read(id, accessToken)).status).toBe(404);
      expect((await revoke(id, accessToken)).status).toBe(404);
      const shown = await read(id, body.accessToken);
      expect([shown.status, shown.body['accessToken']]).toEqual([200, body.accessToken]);
    },
    LIMIT_MS,
  );

  test(
    'is not revoked by the token of another order',
    async () => {
      const [mine, theirs] = [await guestsOrder(), await guestsOrder()];
      expect((await revoke(mine.id, theirs.accessToken)).status).toBe(404);
      expect((await read(mine.id, mine.accessToken)).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'ends when its account or an operator revokes it; the account goes on',
    async () => {
      const { token } = await newMember(shop);
      const { sku } = await stockedWare(shop, 2);
      const { body: order } = await request<OrderAnswer>(`${shop.env['GATEWAY_URL']}/orders`, {
        method: 'POST',
        headers: { ...JSON_TYPE, ...bearer(token), 'idempotency-key': crypto.randomUUID() },
        body: JSON.stringify({
          lines: [{ sku, quantity: 1 }],
          shippingAddress: ADDRESS,
          paymentMethod: WAITING,
        }),
      });
      const { body } = await revoke(order.id, token);
      expect((await read(order.id, order.accessToken)).status).toBe(404);
      expect((await read(order.id, body.accessToken)).status).toBe(200);
      const operator = { token: shop.env['OPERATOR_KEY'] ?? '', body: {} };
      const path = `/recovery/orders/${order.id}/revoke-token`;
      const ended = await fetch(`${shop.env['GATEWAY_URL']}${path}`, {
        method: 'POST',
        headers: { ...JSON_TYPE, ...bearer(operator.token) },
        body: '{}',
      });
      expect(ended.status).toBe(204);
      expect((await read(order.id, body.accessToken)).status).toBe(404);
      expect((await read(order.id, token)).status).toBe(200);
    },
    LIMIT_MS,
  );

  test(
    'that was revoked is refused by every gateway, and by one that starts later',
    async () => {
      const { id, accessToken } = await guestsOrder();
      const at = (url: string) => fetch(`${url}/orders/${id}`, { headers: bearer(accessToken) });
      await withGateway({}, async ({ url }) => {
        expect((await at(url)).status).toBe(200);
        await revoke(id, accessToken);
        await eventually('the other gateway knows it', async () =>
          (await at(url)).status === 404 ? true : undefined,
        );
      });
      await withGateway({}, async ({ url }) => expect((await at(url)).status).toBe(404));
    },
    LIMIT_MS,
  );
});
