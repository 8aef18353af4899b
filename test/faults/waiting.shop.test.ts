// Tests orders that wait: for a shopper who never pays, and in the payments queue.
import { beforeAll, describe, expect, test } from 'bun:test';
import { reservationIdOf } from '../../domain/ids.ts';
import { confirmedMember } from '../support/accounts.ts';
import {
  asShopper,
  decidedOrder,
  eventually,
  newEmail,
  placeOrder,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { accountsOf, authenticate, balance, providerView, reached } from '../support/judges.ts';
import { breakableShop, type BreakableShop, withSetting } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 150_000;
const SECURE = 'pm_card_authenticationRequired';
const GOOD = 'pm_card_visa';
const WINDOW_MS = 6_000;
const CHALLENGE_MS = 12_000;
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
    'of a guest expires when the bank is not answered in time, however often it is looked at',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const challenge = ['HOLDFAST_GUEST_CHALLENGE_MS', String(CHALLENGE_MS)] as const;
      const { token } = await confirmedMember(shop);
      const untilOf = async (order: OrderAnswer): Promise<string | undefined> =>
        (await asShopper(shop, order, 'GET')).body.nextAction?.until;
      const placed = await withSetting(shop, 'orders', challenge, async () => {
        const accounts = (await placeOrder(shop, { sku, paymentMethod: SECURE, token })).body;
        const guests = (await placeOrder(shop, { sku, paymentMethod: SECURE })).body;
        const until = await eventually('its bank asks', () => untilOf(guests));
        return { accounts, guests, until };
      });
      const { accounts, guests, until } = placed;
      await eventually('the guest looks until it expires', async () => {
        const { body } = await asShopper(shop, guests, 'POST', '/payment', {});
        if (body.status === 'expired') return true;
        expect((await untilOf(guests)) ?? until).toBe(until);
        return undefined;
      });
      const { body: waiting } = await asShopper(shop, accounts, 'GET');
      expect(waiting.status).toBe('awaiting_payment');
      expect(await balance(shop, sku)).toEqual({ on_hand: 2, reserved: 1 });
      const accountsUntil = Date.parse(waiting.nextAction?.until ?? '');
      expect(accountsUntil - Date.parse(until)).toBeGreaterThan(10 * 60_000);
      await authenticate(shop, accounts.id);
      await reached(shop, accounts.id, 'delivered');
    },
    LIMIT_MS,
  );

  test(
    'for each of ten last units is delivered, although a third of the guests never answer their banks',
    async () => {
      const { sku } = await stockedWare(shop, 10);
      const challenge = ['HOLDFAST_GUEST_CHALLENGE_MS', String(CHALLENGE_MS)] as const;
      const cards = Array.from({ length: 10 }, (_, at) => (at % 3 === 0 ? SECURE : GOOD));
      const first = await withSetting(shop, 'orders', challenge, () =>
        Promise.all(cards.map((paymentMethod) => placeOrder(shop, { sku, paymentMethod }))),
      );
      expect(first.filter(({ status }) => status > 202)).toEqual([]);
      const abandoned = first.filter((_, at) => cards[at] === SECURE);
      const second = await Promise.all(
        abandoned.map(() =>
          eventually('a unit is given back and sold', async () => {
            const answer = await decidedOrder(shop, { sku, paymentMethod: GOOD });
            return answer.status === 409 ? undefined : answer;
          }),
        ),
      );
      const paid = [...first.filter((_, at) => cards[at] === GOOD), ...second];
      await Promise.all(paid.map(({ body }) => reached(shop, body.id, 'delivered')));
      await Promise.all(abandoned.map(({ body }) => reached(shop, body.id, 'expired')));
      expect(await balance(shop, sku)).toEqual({ on_hand: 0, reserved: 0 });
    },
    LIMIT_MS,
  );

  test(
    'that waits in the payments queue gets the time back, and its hold lasts as long',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const others = ['HOLDFAST_TASK_QUEUES', ALL_BUT_PAYMENTS] as const;
      const { token } = await confirmedMember(shop);
      const { body, heldUntilMs } = await withSetting(shop, 'worker', others, async () => {
        const placed = await placeOrder(shop, { sku, paymentMethod: SECURE, token });
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
