// Tests that the overview of Recovery shows what has not ended, and workflows that have failed.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Client, Connection } from '@temporalio/client';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { REFUND_ORDER, refundOptions } from '../../workflows/refund-order.contract.ts';
import { eventually, placeOrder, stockedWare } from '../support/journeys.ts';
import { asOperator, control, orderRow, reached } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const NEVER = 'nobody';

interface Overview {
  open: {
    kind: string;
    state: string;
    count: number;
    oldestId: string;
    oldestSeconds: number;
  }[];
  failedWorkflows: { workflowId: string; closedAt: string }[];
}

let shop: Shop;
let connection: Connection;
beforeAll(async () => {
  shop = await openShop();
  connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
}, UP_LIMIT_MS);
afterAll(() => connection.close());

const overview = async (): Promise<Overview> =>
  (await asOperator<Overview>(shop, 'GET', 'overview')).body;

const isOpen = (kind: string, state: string) =>
  eventually(`${kind} ${state} is shown`, async () =>
    (await overview()).open.find((one) => one.kind === kind && one.state === state),
  );

describe('the overview', () => {
  test(
    'shows orders by status, each with the oldest',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const card = 'pm_card_authenticationRequired';
      const { body } = await placeOrder(shop, { sku, paymentMethod: card });
      const { count, oldestId, oldestSeconds } = await isOpen('order', 'awaiting_payment');
      expect(count).toBeGreaterThan(0);
      expect((await orderRow(shop, oldestId))?.['status']).toBe('awaiting_payment');
      await shop.sql`update orders.orders set updated_at = now() - interval '40 days'
        where id = ${body.id}`;
      const oldest = await eventually('it is the oldest', async () => {
        const one = await isOpen('order', 'awaiting_payment');
        return one.oldestId === body.id ? one : undefined;
      });
      expect(oldest.oldestSeconds).toBeGreaterThan(oldestSeconds);
    },
    LIMIT_MS,
  );

  test(
    'shows a refund that the bank has not confirmed as owed',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const card = 'pm_card_pendingRefund';
      const { body } = await placeOrder(shop, { sku, paymentMethod: card });
      await reached(shop, body.id, 'delivered');
      await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action: 'hold' });
      try {
        await asOperator(shop, 'POST', `orders/${body.id}/refund`, { note: 'late' });
        await isOpen('refund', 'pending');
      } finally {
        await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action: 'release' });
      }
    },
    LIMIT_MS,
  );

  test(
    'shows a workflow that has failed',
    async () => {
      const client = new Client({ connection, namespace: 'holdfast' });
      const about = crypto.randomUUID();
      const order = { orderId: 'ord_none', storeId: DEFAULT_STORE };
      const options = refundOptions(about, order);
      const dies = { taskQueue: NEVER, workflowExecutionTimeout: 1_000 };
      await client.workflow.start(REFUND_ORDER, { ...options, ...dies });
      await eventually('it is listed', async () => {
        const { failedWorkflows } = await overview();
        return failedWorkflows.find(({ workflowId }) => workflowId === options.workflowId);
      });
    },
    LIMIT_MS,
  );
});
