// Tests every currency through the adapter and the card sandbox: charged, given back, compared.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { assertChargeable, chargeRuleOf } from '../../domain/charges.ts';
import { DomainError } from '../../domain/errors.ts';
import { AMOUNT_MINOR_MAX, CURRENCIES, type Currency } from '../../domain/money.ts';
import { openForTest } from '../../sandbox/stripe/testing.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { amountOf, minorOf } from './stripe-amounts.ts';
import { connectStripe } from './stripe-client.ts';
import { stripeLedger } from './stripe-ledger.ts';
import { stripeRefundsAndDisputes } from './stripe-refunds-and-disputes.ts';
import { stripeProvider } from './stripe.ts';

let sandbox: ReturnType<typeof openForTest>;
let made = 0;
beforeAll(() => {
  sandbox = openForTest();
});
afterAll(() => sandbox.close());

const adapter = () => {
  const telemetry = createTelemetry('test', 'silent');
  const connection = connectStripe('sk_test_of_the_test', sandbox.base, telemetry);
  return {
    provider: stripeProvider(connection),
    afterCapture: stripeRefundsAndDisputes(connection),
    records: stripeLedger(connection),
  };
};

const key = (): string => `key-${made++}`;

/** What the sandbox, which has a table of its own, says of an amount of ours. */
const isTaken = async (amountMinor: number, currency: Currency): Promise<boolean> => {
  const opened = adapter().provider.open({ orderId: key(), amountMinor, currency }, key());
  return opened.then(
    () => true,
    () => false,
  );
};

const isChargeable = (amountMinor: number, currency: Currency): boolean => {
  try {
    assertChargeable(amountMinor, currency);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'AMOUNT_NOT_CHARGEABLE') return false;
    throw error;
  }
};

const SOLD = CURRENCIES.filter((currency) => chargeRuleOf(currency) !== undefined);
const UNSOLD = CURRENCIES.filter((currency) => chargeRuleOf(currency) === undefined);

/** Amounts of the provider's own examples (docs.stripe.com/currencies). */
const EXAMPLES: [amountMinor: number, currency: Currency, amount: number][] = [
  [1_000, 'USD', 1_000],
  [500, 'JPY', 500],
  [5, 'ISK', 500],
  [5, 'UGX', 500],
  [500, 'MGA', 5],
  [700, 'MGA', 7],
  [5_120, 'KWD', 5_120],
  [1_045, 'HUF', 1_045],
  [80_045, 'TWD', 80_045],
];

test.each(EXAMPLES)('%d minor units of %s are %d of the provider', (minor, currency, amount) => {
  expect(amountOf(minor, currency)).toBe(amount);
  expect(minorOf(amount, currency.toLowerCase())).toBe(minor);
});

test('what is no amount of the provider is not sent, and a foreign currency is left alone', () => {
  expect(() => amountOf(1_250, 'MGA')).toThrow('no amount of the provider');
  expect(minorOf(500, 'xyz')).toBe(500);
});

describe('a currency that a card can pay in', () => {
  test.each(SOLD)('%s is charged, given back in part, and compared', async (currency) => {
    const { leastMinor, stepMinor } = chargeRuleOf(currency) ?? { leastMinor: 0, stepMinor: 0 };
    const amountMinor = Math.ceil((leastMinor * 3) / stepMinor) * stepMinor;
    const { provider, afterCapture, records } = adapter();
    const orderId = key();
    const { id } = await provider.open({ orderId, amountMinor, currency }, key());
    expect((await provider.confirm(id, 'pm_card_visa', key())).stage).toBe('authorized');
    expect((await provider.capture(id, key())).stage).toBe('captured');
    const wanted = { intentId: id, refundId: `${orderId}/1`, orderId, currency };
    const refund = await afterCapture.refund({ ...wanted, amountMinor: stepMinor }, key());
    expect(refund).toMatchObject({ stage: 'succeeded', amountMinor: stepMinor });
    const [record] = await records.read([id]);
    expect(record).toMatchObject({ capturedMinor: amountMinor, refundedMinor: stepMinor });
    const { charges } = await sandbox.ledger();
    const charge = charges.find(({ payment_intent }) => payment_intent === id);
    const dispute = await sandbox.control<{ id: string }>('POST', 'disputes', {
      charge: charge?.id,
    });
    expect(await afterCapture.readDispute(dispute.id)).toMatchObject({
      amountMinor: amountMinor - stepMinor,
      currency,
    });
  });

  test.each(SOLD)('%s has the limits and steps of the provider', async (currency) => {
    const { leastMinor, mostMinor, stepMinor } = chargeRuleOf(currency) as {
      leastMinor: number;
      mostMinor: number;
      stepMinor: number;
    };
    expect([leastMinor % stepMinor, mostMinor % stepMinor]).toEqual([0, 0]);
    for (const amountMinor of [leastMinor, mostMinor]) {
      expect(isChargeable(amountMinor, currency)).toBe(true);
      expect(await isTaken(amountMinor, currency)).toBe(true);
    }
    const above = mostMinor + stepMinor;
    expect(isChargeable(above, currency)).toBe(false);
    if (above <= AMOUNT_MINOR_MAX) expect(await isTaken(above, currency)).toBe(false);
    const below = leastMinor - stepMinor;
    expect(isChargeable(below, currency)).toBe(false);
    // A guess of ours that the provider has no rule for.
    if (currency !== 'KWD') expect(await isTaken(below, currency)).toBe(false);
    if (stepMinor === 1) return;
    expect(isChargeable(leastMinor + 1, currency)).toBe(false);
    expect(await isTaken(leastMinor + 1, currency)).toBe(false);
  });
});

describe('a currency that no card can pay in', () => {
  test.each(UNSOLD)('%s is refused at checkout, and by the provider', async (currency) => {
    expect(isChargeable(100_000, currency)).toBe(false);
    expect(await isTaken(100_000, currency)).toBe(false);
  });
});

test('a part that is no whole step is refused by the provider', async () => {
  const { paymentIntents, refunds } = sandbox.stripe;
  const paid = { capture_method: 'manual' as const, confirm: true, payment_method: 'pm_card_visa' };
  for (const [currency, amount] of [
    ['isk', 50],
    ['ugx', 150],
    ['kwd', 1_001],
    ['tnd', 5],
  ] as const) {
    const { id } = await paymentIntents.create({ ...paid, amount: 10_000, currency });
    const capture = paymentIntents.capture(id, { amount_to_capture: amount });
    expect(await capture.catch((error: unknown) => error)).toMatchObject({ statusCode: 400 });
    await paymentIntents.capture(id);
    const refund = refunds.create({ payment_intent: id, amount });
    expect(await refund.catch((error: unknown) => error)).toMatchObject({ statusCode: 400 });
  }
});
