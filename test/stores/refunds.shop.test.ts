// Tests refunds in Postgres: what is recorded twice, late, or granted by two at once.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import {
  grantRefund,
  recordRefundFailed,
  recordRefundSent,
  recordRefundSucceeded,
  refundById,
} from '../../db/postgres/orders/refunds.ts';
import { clearAttention } from '../../db/postgres/orders/steps.ts';
import { refundStep } from '../../domain/attention.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { placeOrder, stockedWare } from '../support/journeys.ts';
import { orderRow, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;

let shop: Shop;
let pg: Pg;
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'error');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
}, UP_LIMIT_MS);
afterAll(() => pg.close());

/** A refund of 5.00 that was granted for a delivered order. */
const granted = async () => {
  const { sku } = await stockedWare(shop, 2, 20);
  const { body } = await placeOrder(shop, { sku });
  await reached(shop, body.id, 'delivered');
  const order = { orderId: body.id, storeId: DEFAULT_STORE };
  const wanted = { ...order, id: crypto.randomUUID(), amountMinor: 500, reason: 'late' };
  await grantRefund(pg, wanted);
  return wanted;
};

const raised = (id: string) => ({
  step: refundStep(id),
  reason: 'REFUND_FAILED' as const,
  actions: ['retry' as const],
});

const attentionsOf = async (orderId: string): Promise<unknown[]> =>
  (await orderRow(shop, orderId))?.attentions ?? [];

describe('a refund', () => {
  test(
    'that has succeeded stays so when an attempt that sent it is late',
    async () => {
      const { id, orderId } = await granted();
      const provider = `re_${id}`;
      await recordRefundSent(pg, id, provider);
      await recordRefundSucceeded(pg, id, provider);
      await recordRefundSent(pg, id, provider);
      await recordRefundSucceeded(pg, id, provider);
      expect((await refundById(pg, id)).state).toBe('succeeded');
      expect((await orderRow(shop, orderId))?.refunded_minor).toBe(500);
    },
    LIMIT_MS,
  );

  test(
    'that has failed waits for an operator once, however often the bank says so',
    async () => {
      const { id, orderId, storeId } = await granted();
      await recordRefundFailed(pg, id, raised(id));
      expect(await attentionsOf(orderId)).toHaveLength(1);
      await clearAttention(pg, storeId, orderId, { step: refundStep(id) });
      await recordRefundFailed(pg, id, raised(id));
      expect(await attentionsOf(orderId)).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    'that has failed is made up for once, and waits for an operator no longer then',
    async () => {
      const { id, orderId, storeId, ...wanted } = await granted();
      const again = (): Promise<{ id: string } | undefined> => {
        const one = { ...wanted, orderId, storeId, id: crypto.randomUUID(), replaces: id };
        return grantRefund(pg, one);
      };
      expect(await again()).toBeUndefined();
      await recordRefundFailed(pg, id, raised(id));
      const both = await Promise.all([again(), again()]);
      const [made] = both.filter((one) => one !== undefined);
      expect(both.filter((one) => one === undefined)).toHaveLength(1);
      expect(await attentionsOf(orderId)).toEqual([]);
      await recordRefundFailed(pg, made?.id ?? '', raised(made?.id ?? ''));
      expect(await again()).toMatchObject({ amountMinor: 500 });
    },
    LIMIT_MS,
  );
});
