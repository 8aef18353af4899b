// Tests disputes by a person's decision, without webhooks, and in a deployment with other rules.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { Client, Connection } from '@temporalio/client';
import { scheduleIdOf } from '../../workflows/recovery.contract.ts';
import {
  disputeOptions,
  disputeWorkflowId,
  SETTLE_DISPUTE,
} from '../../workflows/settle-dispute.contract.ts';
import { codecKeys } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { payloadCodec } from '../../workflows/client/codec.ts';
import { breakableShop, withSetting, type BreakableShop } from '../support/breakable-shop.ts';
import { eventually, newName } from '../support/journeys.ts';
import { asOperator, control, providerView, reached } from '../support/judges.ts';
import {
  booked,
  decide,
  disputed,
  isAtProvider,
  isListed,
  recorded,
} from '../scenarios/disputes.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';
import { bought, delivered, look } from '../support/stuck-orders.ts';

const LIMIT_MS = 180_000;
const DAY_SECONDS = 24 * 3_600;

let shop: BreakableShop;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  shop = await breakableShop();
  connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
  const payloadCodecs = [payloadCodec(codecKeys(testInstance()).split(','))];
  client = new Client({ connection, namespace: 'holdfast', dataConverter: { payloadCodecs } });
}, UP_LIMIT_MS);
afterAll(() => connection.close());

const webhooks = (action: string) =>
  control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'webhooks', { action });

/** Runs `work` while no event of the card provider arrives. */
const withoutWebhooks = async <T>(work: () => Promise<T>): Promise<T> => {
  await webhooks('hold');
  try {
    return await work();
  } finally {
    await webhooks('release');
  }
};

const decisionOn = (disputeId: string, action: string, body: object, key?: string) =>
  asOperator<{ dispute: { state: string } }>(
    shop,
    'POST',
    `disputes/${disputeId}/${action}`,
    body,
    key,
  );

const evidenceOf = async (orderId: string): Promise<Record<string, string>> => {
  const [dispute] = (await providerView(shop, orderId)).disputes;
  return (dispute as unknown as { evidence: Record<string, string> }).evidence;
};

describe('evidence that a person sends', () => {
  const asked = async (claim: Parameters<typeof disputed>[2] = {}) => {
    const { id } = await delivered(shop);
    const { id: disputeId } = await disputed(shop, id, claim);
    await isListed(shop, disputeId, 'evidence_prepared');
    return { id, disputeId };
  };
  const byPerson = ['HOLDFAST_DISPUTE_EVIDENCE', 'person'] as const;

  const submits = async (): Promise<void> => {
    const { id, disputeId } = await asked();
    const body = { note: 'signed', evidence: { uncategorized_text: 'signed by the neighbour' } };
    const key = crypto.randomUUID();
    const both = await Promise.all([1, 2].map(() => decisionOn(disputeId, 'submit', body, key)));
    expect(both.map(({ status }) => status)).toContain(200);
    await isAtProvider(shop, id, 'under_review');
    const again = await decisionOn(disputeId, 'submit', body, key);
    expect(again).toMatchObject({ status: 200, body: { dispute: { state: 'answered' } } });
    const evidence = await evidenceOf(id);
    expect(evidence['uncategorized_text']).toBe('signed by the neighbour');
    expect(evidence['product_description']).toContain('1 × ');
    const { actions } = await look(shop, id);
    expect(actions).toMatchObject([{ action: 'submit_dispute', outcome: 'done' }]);
    await decide(shop, disputeId, 'won');
    await recorded(shop, id, 'DisputeWon');
  };

  const accepts = async (): Promise<void> => {
    const { id, disputeId } = await asked();
    expect((await decisionOn(disputeId, 'accept', { note: 'it was empty' })).status).toBe(200);
    await isAtProvider(shop, id, 'lost');
    await recorded(shop, id, 'DisputeLost');
    await booked(shop, id, { losses: 2_000, sales: -2_000 });
    const late = await decisionOn(disputeId, 'submit', {});
    expect(late).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
  };

  const acceptsNoInquiry = async (): Promise<void> => {
    const { id, disputeId } = await asked({ isInquiry: true });
    const refused = await decisionOn(disputeId, 'accept', {});
    expect(refused).toMatchObject({ status: 409, body: { code: 'ILLEGAL_TRANSITION' } });
    await decide(shop, disputeId, 'escalated');
    await recorded(shop, id, 'DisputeOpened');
    await isListed(shop, disputeId, 'evidence_prepared');
    expect((await decisionOn(disputeId, 'accept', {})).status).toBe(200);
    await recorded(shop, id, 'DisputeLost');
  };

  const isTooLate = async (): Promise<void> => {
    const { id } = await asked({ answerSeconds: DAY_SECONDS + 10 });
    await isAtProvider(shop, id, 'under_review');
    expect((await evidenceOf(id))['uncategorized_text']).toContain('OrderDelivered');
  };

  const seesTheBank = async (): Promise<void> => {
    const { id, disputeId } = await asked();
    await decide(shop, disputeId, 'lost');
    await recorded(shop, id, 'DisputeLost');
  };

  test(
    'waits for the decision, the deadline or the bank',
    () =>
      withSetting(shop, 'worker', byPerson, async () => {
        await Promise.all([submits(), accepts(), acceptsNoInquiry(), isTooLate(), seesTheBank()]);
      }),
    LIMIT_MS,
  );
});

describe('a dispute without its webhook', () => {
  test(
    'is started by the daily pull, and looked at by its schedule',
    async () => {
      const { id } = await delivered(shop);
      await withoutWebhooks(async () => {
        const { id: disputeId } = await disputed(shop, id);
        await Bun.sleep(2_000);
        await client.schedule.getHandle(scheduleIdOf('pullDisputes')).trigger();
        await recorded(shop, id, 'DisputeOpened');
        await isAtProvider(shop, id, 'under_review');
        await decide(shop, disputeId, 'lost');
        await recorded(shop, id, 'DisputeLost');
      });
      await booked(shop, id, { losses: 2_000, sales: -2_000 });
    },
    LIMIT_MS,
  );

  test(
    'goes on in new runs of its workflow, and ends once',
    async () => {
      const { id: orderId } = await delivered(shop);
      await withoutWebhooks(async () => {
        const { id: disputeId } = await disputed(shop, orderId);
        const input = { disputeId, orderId, storeId: 'sto_default', firstLookMs: 5 };
        await client.workflow.start(SETTLE_DISPUTE, disputeOptions(input));
        const handle = client.workflow.getHandle(disputeWorkflowId(disputeId));
        const first = (await handle.describe()).runId;
        const goesOn = async () => ((await handle.describe()).runId === first ? undefined : true);
        await eventually('it goes on in a new run', goesOn, LIMIT_MS);
        await isAtProvider(shop, orderId, 'under_review');
        await decide(shop, disputeId, 'won');
        await recorded(shop, orderId, 'DisputeWon');
        expect(await handle.result()).toBe('won');
      });
      await booked(shop, orderId, { card_provider: 2_000, sales: -2_000 });
    },
    2 * LIMIT_MS,
  );
});

describe('a warning of fraud, by a rule that refunds', () => {
  const CARD = { paymentMethod: 'pm_card_createIssuerFraudRecord' };
  const byRule = ['HOLDFAST_FRAUD_WARNINGS', 'refund'] as const;

  const keepsNothing = (id: string) =>
    eventually('nothing is kept', async () =>
      (await providerView(shop, id)).keptMinor === 0 ? true : undefined,
    );

  test(
    'cancels an order that can be cancelled, and refunds one that cannot',
    () =>
      withSetting(shop, 'orders', byRule, async () => {
        const name = newName();
        const away = { method: 'POST', path: '/shipments', containing: name };
        const fault = { ...away, action: 'status:503', times: 1_000 };
        await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', fault);
        const early = await bought(shop, { ...CARD, name });
        await keepsNothing(early.id);
        const own = `faults?containing=${encodeURIComponent(name)}`;
        await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', own);
        await reached(shop, early.id, 'cancelled');
        const late = await withoutWebhooks(async () => {
          const order = await bought(shop, CARD);
          await reached(shop, order.id, 'delivered');
          return order;
        });
        await keepsNothing(late.id);
        await booked(shop, late.id, {});
        expect((await look(shop, late.id)).attentions).toEqual([]);
      }),
    LIMIT_MS,
  );
});
