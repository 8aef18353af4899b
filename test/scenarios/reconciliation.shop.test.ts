// Tests reconciliation: a difference to the provider is found, shown, and closed once explained.
import { beforeAll, describe, expect, test } from 'bun:test';
import { clientOf } from '../../sandbox/stripe/testing.ts';
import { eventually, request } from '../support/journeys.ts';
import { asOperator, providerView } from '../support/judges.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { delivered } from '../support/stuck-orders.ts';

const WORKFLOW_LIMIT_MS = 120_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const deliveredWithIntent = async (): Promise<{ id: string; intentId: string }> => {
  const { id } = await delivered(shop);
  const { intents } = await providerView(shop, id);
  return { id, intentId: intents[0]?.id ?? '' };
};

const breakOf = async (orderId: string): Promise<string | undefined> => {
  interface BreaksResponse {
    items: { kind: string; orderId: string }[];
  }
  const { body } = await asOperator<BreaksResponse>(shop, 'GET', 'breaks');
  return body.items.find((one) => one.orderId === orderId)?.kind;
};

const isBreak = (id: string, kind: string | undefined) =>
  eventually(`its break is ${kind}`, async () => ((await breakOf(id)) === kind ? true : undefined));

/** Waits until the present payments have been compared. */
const compared = async (): Promise<void> => {
  const nowSeconds = Math.ceil(Date.now() / 1_000);
  await eventually('payments are compared', async () => {
    const [row] = await shop.sql`select (at_us / 1000000)::int as at from orders.positions
      where lane = 'payments-new'`;
    return Number(row?.['at'] ?? 0) > nowSeconds ? true : undefined;
  });
};

describe('reconciliation', () => {
  test(
    'reports a refund made at the provider until it is in the ledger',
    async () => {
      const { id, intentId } = await deliveredWithIntent();
      await compared();
      expect(await breakOf(id)).toBeUndefined();
      // A refund made in the provider's own dashboard.
      const { port } = new URL(shop.env['STRIPE_SANDBOX_URL'] ?? '');
      const desk = clientOf(Number(port));
      await desk.refunds.create({ payment_intent: intentId, amount: 300 });
      await isBreak(id, 'REFUNDS_DIFFER');
      await shop.sql`insert into orders.ledger_entries
        (store_id, order_id, entry, reference, account, amount_minor, currency)
        select 'sto_default', ${id}, 'refund', 'by hand', account, amount, 'USD'
        from (values ('sales', 300), ('card_provider', -300)) as sides (account, amount)`;
      await isBreak(id, undefined);
    },
    WORKFLOW_LIMIT_MS,
  );

  test(
    'compares unchanged payments again, and not before the others',
    async () => {
      const { id, intentId } = await deliveredWithIntent();
      await compared();
      const sinceMs = Date.now();
      await shop.sql`update orders.orders set payment_status = 'authorized' where id = ${id}`;
      await compared();
      const { body } = await request<{ requests: { path: string; at: number }[] }>(
        `${shop.env['STRIPE_SANDBOX_URL']}/_sandbox/requests`,
      );
      const since = body.requests.filter(({ at }) => at > sinceMs);
      expect(since.length).toBeGreaterThan(0);
      expect(since.filter(({ path }) => path.includes(intentId))).toEqual([]);
      // As if all older ones had been compared again.
      await shop.sql`update orders.positions
        set at_us = (extract(epoch from now())::bigint - 3600) * 1000000
        where lane = 'payments-again'`;
      await isBreak(id, 'CAPTURE_UNRECORDED');
      await eventually('the comparison starts again from the oldest payment', async () => {
        const [row] = await shop.sql`select at_us < extract(epoch from now() - interval '40 hours')
          * 1000000 as is_anew from orders.positions where lane = 'payments-again'`;
        return row?.['is_anew'] === true ? true : undefined;
      });
      await shop.sql`update orders.orders set payment_status = 'captured' where id = ${id}`;
      await isBreak(id, undefined);
    },
    WORKFLOW_LIMIT_MS,
  );
});
