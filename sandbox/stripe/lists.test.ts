// Tests that lists of the card sandbox filter and page as Stripe's do.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openForTest } from './testing.ts';

const CAPTURED = { amount: 900, currency: 'usd', confirm: true, payment_method: 'pm_card_visa' };

describe('a list of the card sandbox', () => {
  let sandbox: ReturnType<typeof openForTest>;
  beforeAll(() => {
    sandbox = openForTest();
  });
  afterAll(() => sandbox.close());

  test('has only the refunds and charges of the given payment', async () => {
    const { stripe } = sandbox;
    const one = await stripe.paymentIntents.create(CAPTURED);
    const other = await stripe.paymentIntents.create(CAPTURED);
    await stripe.refunds.create({ payment_intent: one.id });
    expect((await stripe.refunds.list({ payment_intent: other.id, limit: 1 })).data).toEqual([]);
    expect((await stripe.refunds.list({ payment_intent: one.id })).data).toHaveLength(1);
    const charges = await stripe.charges.list({ payment_intent: other.id });
    expect(charges.data.map((charge) => charge.payment_intent)).toEqual([other.id]);
  });

  test('is paged from either end, the newest first', async () => {
    const { stripe } = sandbox;
    const made: string[] = [];
    for (let at = 0; at < 5; at++) made.unshift((await stripe.paymentIntents.create(CAPTURED)).id);
    const page = async (how: object) => {
      const { data, has_more } = await stripe.paymentIntents.list({ limit: 2, ...how });
      return { ids: data.map(({ id }) => id), has_more };
    };
    const [newest = '', second = '', third = '', fourth = '', oldest = ''] = made;
    expect(await page({})).toEqual({ ids: [newest, second], has_more: true });
    const after = { starting_after: second };
    expect(await page(after)).toEqual({ ids: [third, fourth], has_more: true });
    const before = { ending_before: oldest };
    expect(await page(before)).toEqual({ ids: [third, fourth], has_more: true });
    expect(await page({ ending_before: second })).toEqual({ ids: [newest], has_more: false });
    expect(await page({ ...after, ...before })).toEqual({ ids: [third, fourth], has_more: false });
    const all: string[] = [];
    const first = await stripe.paymentIntents.retrieve(oldest);
    const since = { limit: 2, created: { gte: first.created } };
    for await (const { id } of stripe.paymentIntents.list(since)) all.push(id);
    expect(all.slice(0, 5)).toEqual(made);
    const future = { created: { gt: first.created + 3_600 } };
    expect(await page(future)).toEqual({ ids: [], has_more: false });
    const nowhere = stripe.paymentIntents.list({ starting_after: 'pi_nowhere' });
    expect(nowhere).rejects.toMatchObject({ code: 'resource_missing' });
  });
});
