// Tests orders that wait: for a shopper who never pays, and in the payments queue.
import { beforeAll, describe, expect, test } from 'bun:test';
import { reservationIdOf } from '../../domain/ids.ts';
import { asShopper, eventually, newEmail, placeOrder, stockedWare } from '../support/journeys.ts';
import { accountsOf, authenticate, balance, providerView, reached } from '../support/judges.ts';
import { breakableShop, type BreakableShop, withSetting } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 150_000;
const SECURE = 'pm_card_authenticationRequired';
const WINDOW_MS = 6_000;
/** Longer than the shortest queue time that extends a hold. */
const QUEUED_MS = 6_000;
const ALL_BUT_PAYMENTS = 'orders,fulfillment,looks,notifications,recovery,imports';

let shop: BreakableShop;
beforeAll(async () => {
  shop = await breakableShop();
}, UP_LIMIT_MS);

const holdOf = async (orderId: string) => {
  const [row] = await shop.sql`
    select state, extract(epoch from expires_at)::float8 * 1000 as ends_at_ms
    from inventory.reservations where id = ${reservationIdOf(orderId)}`;
  return row as { state: string; ends_at_ms: number } | undefined;
};

describe('an order', () => {
  test(
    'whose shopper never answers expires in its time and leaves nothing behind',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const window = ['HOLDFAST_PAYMENT_WINDOW_MS', String(WINDOW_MS)] as const;
      const { body } = await withSetting(shop, 'orders', window, () =>
        placeOrder(shop, { sku, paymentMethod: SECURE, email: newEmail() }),
      );
      await reached(shop, body.id, 'expired');
      const order = await asShopper(shop, body, 'GET');
      expect(order.body.payment.status).toBe('none');
      const { intents, paid } = await providerView(shop, body.id);
      expect([intents.map(({ status }) => status), paid]).toEqual([['canceled'], []]);
      expect(await accountsOf(shop, body.id)).toEqual({});
      expect(await balance(shop, sku)).toEqual({ on_hand: 2, reserved: 0 });
      const late = await asShopper(shop, body, 'POST', '/payment', {
        paymentMethod: 'pm_card_visa',
      });
      expect(late).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
    },
    LIMIT_MS,
  );

  test(
    'that waits in the payments queue gets the time back, and its hold lasts as long',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const others = ['HOLDFAST_TASK_QUEUES', ALL_BUT_PAYMENTS] as const;
      const { body, heldUntilMs } = await withSetting(shop, 'worker', others, async () => {
        const placed = await placeOrder(shop, { sku, paymentMethod: SECURE });
        expect(placed.status).toBe(202);
        const hold = await eventually('its stock is held', () => holdOf(placed.body.id));
        await Bun.sleep(QUEUED_MS);
        return { body: placed.body, heldUntilMs: hold.ends_at_ms };
      });
      const waiting = await eventually('its shopper must act', async () => {
        const { body: order } = await asShopper(shop, body, 'GET');
        return order.nextAction?.kind === 'authenticate' ? order : undefined;
      });
      const hold = await holdOf(body.id);
      expect((hold?.ends_at_ms ?? 0) - heldUntilMs).toBeGreaterThanOrEqual(QUEUED_MS);
      const untilMs = Date.parse(waiting.nextAction?.until ?? '');
      expect(untilMs).toBeLessThan(hold?.ends_at_ms ?? 0);
      expect(untilMs).toBeGreaterThan(heldUntilMs - 60_000);
      await authenticate(shop, body.id);
      await reached(shop, body.id, 'delivered');
    },
    LIMIT_MS,
  );
});
