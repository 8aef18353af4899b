// Lists of the card sandbox: what is asked for is what is in them.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openForTest } from './testing.ts';

const CAPTURED = { amount: 900, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' };

describe('a list of the card sandbox', () => {
  let sandbox: ReturnType<typeof openForTest>;
  beforeAll(() => {
    sandbox = openForTest();
  });
  afterAll(() => sandbox.close());

  test('holds only the refunds and charges of the payment it was asked for', async () => {
    const { stripe } = sandbox;
    const one = await stripe.paymentIntents.create(CAPTURED);
    const other = await stripe.paymentIntents.create(CAPTURED);
    await stripe.refunds.create({ payment_intent: one.id });
    expect((await stripe.refunds.list({ payment_intent: other.id, limit: 1 })).data).toEqual([]);
    expect((await stripe.refunds.list({ payment_intent: one.id })).data).toHaveLength(1);
    const charges = await stripe.charges.list({ payment_intent: other.id });
    expect(charges.data.map((charge) => charge.payment_intent)).toEqual([other.id]);
  });
});
