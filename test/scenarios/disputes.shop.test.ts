// Tests what disputes, inquiries and warnings of fraud take from an order, and what they leave.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { eventually } from '../support/journeys.ts';
import {
  accountsOf,
  asOperator,
  control,
  eventsOf,
  keeps,
  orderRow,
  providerView,
} from '../support/judges.ts';
import { booked, decide, disputed, isAtProvider, isListed, listed, recorded } from './disputes.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { delivered, look, needs, waitingStep } from '../support/stuck-orders.ts';

const LIMIT_MS = 120_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const scenario = (name: string, run: () => Promise<void>): void => test(name, run, LIMIT_MS);

const refundBy = (id: string, body: object) =>
  asOperator<{ code?: string }>(shop, 'POST', `orders/${id}/refund`, body);

const paymentOf = async (id: string) => (await orderRow(shop, id))?.payment_status;

describe('a dispute', () => {
  scenario(
    'of a part that is lost lowers what can be refunded, and no account overdraws',
    async () => {
      const { id } = await delivered(shop);
      const { id: disputeId } = await disputed(shop, id, { amount: 1_200 });
      await recorded(shop, id, 'DisputeOpened');
      expect(await refundBy(id, { amount: 8.01 })).toMatchObject({
        status: 409,
        body: { code: 'REFUND_EXCEEDS_CAPTURE' },
      });
      await isAtProvider(shop, id, 'under_review');
      await decide(shop, disputeId, 'lost');
      await recorded(shop, id, 'DisputeLost');
      expect((await refundBy(id, { amount: 8.01 })).status).toBe(409);
      expect((await refundBy(id, {})).status).toBe(200);
      await keeps(shop, id, 1_200);
      await booked(shop, id, { losses: 1_200, sales: -1_200 });
      expect(await paymentOf(id)).toBe('disputed');
    },
  );

  scenario('is one of several, and gives its money back when it is won', async () => {
    const { id } = await delivered(shop);
    const first = await disputed(shop, id, { amount: 700 });
    const second = await disputed(shop, id, { amount: 500 });
    await booked(shop, id, { card_provider: 800, disputed: 1_200, sales: -2_000 });
    await decide(shop, first.id, 'won');
    await booked(shop, id, { card_provider: 1_500, disputed: 500, sales: -2_000 });
    expect(await paymentOf(id)).toBe('disputed');
    await decide(shop, second.id, 'won');
    await booked(shop, id, { card_provider: 2_000, sales: -2_000 });
    expect(await paymentOf(id)).toBe('captured');
    expect((await refundBy(id, {})).status).toBe(200);
    await booked(shop, id, {});
    await eventually('events of ended disputes are delivered, too', async () => {
      const [row] = await shop.sql`select count(*)::int as count from orders.webhook_events
        where reference = ${id} and notified_at is null`;
      return row?.['count'] === 0 ? true : undefined;
    });
  });

  scenario('whose evidence the provider refuses waits for an operator', async () => {
    const { id, sku } = await delivered(shop);
    const refusal = { method: 'POST', path: '/v1/disputes/', action: 'status:400' };
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', { ...refusal, containing: sku });
    await disputed(shop, id);
    const stuck = await needs(shop, id, 'DISPUTE_STEP_FAILED');
    const { id: attentionId, actions } = waitingStep(stuck, 'DISPUTE_STEP_FAILED');
    expect(actions).toEqual(['retry', 'skip']);
    await asOperator(shop, 'POST', `orders/${id}/retry`, { attentionId });
    await isAtProvider(shop, id, 'under_review');
    await needs(shop, id);
  });

  scenario('that overtakes a refund makes it fail at once', async () => {
    const { id } = await delivered(shop);
    const away = { method: 'POST', path: '/v1/refunds', action: 'status:503', times: 1_000 };
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', { ...away, containing: id });
    expect((await refundBy(id, { amount: 5 })).status).toBe(200);
    await recorded(shop, id, 'RefundRequested');
    await disputed(shop, id);
    await recorded(shop, id, 'DisputeOpened');
    await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', `faults?containing=${id}`);
    const stuck = await needs(shop, id, 'REFUND_FAILED');
    expect(stuck.refunds).toMatchObject([{ state: 'failed' }]);
    const { detail, id: attentionId } = waitingStep(stuck, 'REFUND_FAILED');
    expect(detail).toContain('charged back');
    await booked(shop, id, { disputed: 2_000, sales: -2_000 });
    await asOperator(shop, 'POST', `orders/${id}/retry`, { attentionId });
    await eventually('its own row says that nothing is left', async () => {
      const [row, ...more] = (await look(shop, id)).attentions;
      const isSaid = row?.detail?.startsWith('REFUND_EXCEEDS_CAPTURE');
      return isSaid && row?.id === attentionId && more.length === 0 ? true : undefined;
    });
    await asOperator(shop, 'POST', `orders/${id}/dismiss`, { attentionId });
    await needs(shop, id);
  });

  scenario('is listed by its state, and takes no decision once it is answered', async () => {
    const { id } = await delivered(shop);
    const { id: disputeId } = await disputed(shop, id);
    const answered = await isListed(shop, disputeId, 'answered');
    expect(answered).toMatchObject({ orderId: id, isInquiry: false, amount: 20 });
    expect(answered.evidence['uncategorized_text']).toContain('OrderDelivered');
    expect(Date.parse(answered.dueAt ?? '')).toBeGreaterThan(Date.now());
    for (const action of ['submit', 'accept']) {
      const answer = await asOperator(shop, 'POST', `disputes/${disputeId}/${action}`, {});
      expect(answer).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
      const nowhere = await asOperator(shop, 'POST', `disputes/dp_nowhere/${action}`, {});
      expect(nowhere.status).toBe(404);
    }
    expect((await look(shop, id)).actions).toMatchObject([
      { action: 'accept_dispute', outcome: 'ILLEGAL_TRANSITION' },
      { action: 'submit_dispute', outcome: 'ILLEGAL_TRANSITION' },
    ]);
    const unknown = { evidence: { uncategorized_file: 'file_1' } };
    const refused = await asOperator(shop, 'POST', `disputes/${disputeId}/submit`, unknown);
    expect(refused.status).toBe(400);
  });

  scenario('is on one page of the list, oldest first', async () => {
    const { id } = await delivered(shop);
    const own: string[] = [];
    for (const amount of [100, 200, 300]) own.push((await disputed(shop, id, { amount })).id);
    for (const disputeId of own) await isListed(shop, disputeId, 'answered');
    const open = await listed(shop, '', 2);
    const ids = open.map((one) => one.id);
    expect(ids.filter((one) => own.includes(one)).toSorted()).toEqual(own.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
    const times = open.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted());
  });

  scenario('without progress is counted', async () => {
    const { id } = await delivered(shop);
    const row = { amount_minor: 1, currency: 'USD', reason: 'general', evidence: {} };
    const ids = [newId('event'), newId('event')];
    interface Overview {
      disputesStalled: number;
      oldestStalledDisputeSeconds: number;
    }
    const counted = async () => (await asOperator<Overview>(shop, 'GET', 'overview')).body;
    const before = await counted();
    const day = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);
    const stalled = [
      { state: 'evidence_prepared', due_at: day(1), looked_at: day(0) },
      { state: 'answered', due_at: day(1), looked_at: day(5) },
    ];
    for (const [at, one] of stalled.entries()) {
      const dispute = { ...row, ...one, id: ids[at], order_id: id, store_id: 'sto_default' };
      const all = { ...dispute, is_inquiry: false, created_at: day(9) };
      await shop.sql`insert into orders.disputes ${shop.sql(all)}`;
    }
    const after = await counted();
    await shop.sql`delete from orders.disputes where id in ${shop.sql(ids)}`;
    expect(after.disputesStalled).toBe(before.disputesStalled + 2);
    expect(after.oldestStalledDisputeSeconds).toBeGreaterThan(8 * 24 * 3_600);
  });
});

describe('an inquiry', () => {
  const inquired = async () => {
    const { id } = await delivered(shop, { paymentMethod: 'pm_card_createDisputeInquiry' });
    await recorded(shop, id, 'InquiryOpened');
    const { id: disputeId } = await isAtProvider(shop, id, 'warning_under_review');
    expect(await paymentOf(id)).toBe('captured');
    expect(await accountsOf(shop, id)).toEqual({ card_provider: 2_000, sales: -2_000 });
    return { id, disputeId };
  };

  scenario('moves no money, takes nothing from a refund, and is closed', async () => {
    const { id, disputeId } = await inquired();
    expect((await refundBy(id, { amount: 15 })).status).toBe(200);
    await keeps(shop, id, 500);
    await decide(shop, disputeId, 'closed');
    await recorded(shop, id, 'InquiryClosed');
    await booked(shop, id, { card_provider: 500, sales: -500 });
    expect(await paymentOf(id)).toBe('partially_refunded');
  });

  scenario('that becomes a dispute has its money withdrawn, and evidence again', async () => {
    const { id, disputeId } = await inquired();
    await decide(shop, disputeId, 'escalated');
    await recorded(shop, id, 'DisputeOpened');
    expect(await accountsOf(shop, id)).toEqual({ disputed: 2_000, sales: -2_000 });
    await isAtProvider(shop, id, 'under_review');
    expect((await refundBy(id, { amount: 1 })).status).toBe(409);
    await decide(shop, disputeId, 'won');
    await recorded(shop, id, 'DisputeWon');
    expect(await paymentOf(id)).toBe('captured');
    await booked(shop, id, { card_provider: 2_000, sales: -2_000 });
  });
});

describe('a warning of fraud', () => {
  const warned = async () => {
    const order = await delivered(shop, { paymentMethod: 'pm_card_createIssuerFraudRecord' });
    const attention = waitingStep(await needs(shop, order.id, 'FRAUD_WARNING'), 'FRAUD_WARNING');
    expect(attention.actions).toContain('refund');
    return { id: order.id, attentionId: attention.id };
  };

  scenario('waits for a person, who refunds the order', async () => {
    const { id, attentionId } = await warned();
    expect((await refundBy(id, { attentionId, note: 'fraud' })).status).toBe(200);
    await needs(shop, id);
    await keeps(shop, id, 0);
    await booked(shop, id, {});
  });

  scenario('waits for a person, who dismisses it', async () => {
    const { id, attentionId } = await warned();
    const skip = await asOperator(shop, 'POST', `orders/${id}/skip`, { attentionId });
    expect(skip.status).toBe(409);
    await asOperator(shop, 'POST', `orders/${id}/dismiss`, { attentionId });
    await needs(shop, id);
    expect(await eventsOf(shop, id)).toContain('AttentionCleared');
    expect((await providerView(shop, id)).keptMinor).toBe(2_000);
  });
});
