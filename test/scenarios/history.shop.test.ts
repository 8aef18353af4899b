// Tests that no client can grow the history of an order's workflow without bound.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { temporal } from '@temporalio/proto';
import { ADDRESS_CHANGES_MAX, CARDS_MAX } from '../../domain/history-limits.ts';
import { ADDRESS, asShopper, decidedOrder, stockedWare } from '../support/journeys.ts';
import { connectHistories, type Histories } from './histories.ts';
import { authenticate, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 120_000;
const SECURE = 'pm_card_authenticationRequired';
const EMPTY = 'pm_card_visa_chargeDeclinedInsufficientFunds';
const LOOKS = 300;
/** One in three seconds, for as long as all of them take, and some. */
const SIGNALS_MAX = 20;

const { EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED } = temporal.api.enums.v1.EventType;

let shop: Shop;
let histories: Histories;
beforeAll(async () => {
  shop = await openShop();
  histories = await connectHistories(shop);
}, UP_LIMIT_MS);
afterAll(() => histories.close());

const waiting = async (paymentMethod: string) => {
  const { sku } = await stockedWare(shop, 2);
  const { body } = await decidedOrder(shop, { sku, paymentMethod });
  return { id: body.id ?? body.order?.id ?? '', accessToken: body.accessToken };
};

const signalsOf = async (orderId: string): Promise<number> =>
  (await histories.eventsOf(orderId)).filter(
    ({ eventType }) => eventType === EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED,
  ).length;

describe('an order that waits for its payment', () => {
  test(
    'is looked at a few times, however often that is requested, and is paid all the same',
    async () => {
      const order = await waiting(SECURE);
      for (let look = 0; look < LOOKS; look++) {
        const { status } = await asShopper(shop, order, 'POST', '/payment', {});
        expect(status).toBe(200);
      }
      const signals = await signalsOf(order.id);
      console.log(`${LOOKS} looks: ${signals} signals`);
      expect(signals).toBeGreaterThan(0);
      expect(signals).toBeLessThan(SIGNALS_MAX);
      await authenticate(shop, order.id);
      await reached(shop, order.id, 'delivered');
    },
    LIMIT_MS,
  );

  test(
    'takes a limited number of cards',
    async () => {
      const order = await waiting(EMPTY);
      const pay = () => asShopper(shop, order, 'POST', '/payment', { paymentMethod: EMPTY });
      for (let card = 2; card <= CARDS_MAX; card++) expect((await pay()).status).toBe(402);
      const late = await pay();
      expect([late.status, late.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
    },
    LIMIT_MS,
  );

  test(
    'takes a limited number of addresses, and the same one always',
    async () => {
      const order = await waiting(SECURE);
      const change = (line1: string) =>
        asShopper(shop, order, 'PUT', '/address', { shippingAddress: { ...ADDRESS, line1 } });
      for (let at = 2; at <= ADDRESS_CHANGES_MAX + 1; at++) {
        expect((await change(`${at} Harbour Street`)).status).toBe(200);
      }
      const late = await change('1 Quay');
      expect([late.status, late.body.code]).toEqual([409, 'ILLEGAL_TRANSITION']);
      expect((await change(`${ADDRESS_CHANGES_MAX + 1} Harbour Street`)).status).toBe(200);
    },
    LIMIT_MS,
  );
});
