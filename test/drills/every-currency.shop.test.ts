// Sells one product in every currency: imported, ordered over the API, charged and booked.
import { beforeAll, expect, test } from 'bun:test';
import { amountOf } from '../../activities/providers/stripe-amounts.ts';
import { mapBounded } from '../../concurrency/chunks.ts';
import { chargeRuleOf } from '../../domain/charges.ts';
import {
  CURRENCIES,
  decimalsOf,
  minorFromNumber,
  numberFromMinor,
  type Currency,
} from '../../domain/money.ts';
import { decidedOrder, eventually } from '../support/journeys.ts';
import { accountsOf, balance, providerView } from '../support/judges.ts';
import { bearer, send } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 600_000;
const AT_ONCE = 4;
const UNITS = 2;

let shop: Shop;
const own = crypto.randomUUID().slice(0, 8);
const skuOf = (currency: Currency): string => `${own} ${currency}`;

/** The least that can be sold, or 12 and every decimal of the currency. */
const priceOf = (currency: Currency): number => {
  const least = chargeRuleOf(currency)?.leastMinor;
  if (least !== undefined) return numberFromMinor(least, currency);
  return Number(`12.${'3'.repeat(decimalsOf(currency))}`);
};

beforeAll(async () => {
  shop = await openShop();
  const rows = CURRENCIES.map((currency) =>
    [skuOf(currency), `Ware ${own} ${currency}`, priceOf(currency), currency, UNITS].join(','),
  );
  const raw = `sku,name,price,currency,stock\n${rows.join('\n')}\n`;
  const headers = { ...bearer(shop.env['STORE_KEY'] ?? ''), 'content-type': 'text/csv' };
  const path = '/imports?decimal=.';
  const { id } = (await (await send(shop, { method: 'POST', path, headers, raw })).json()) as {
    id: string;
  };
  await eventually('the products are imported', async () => {
    const answer = await send(shop, { method: 'GET', path: `/imports/${id}`, headers });
    const one = (await answer.json()) as { status: string; rows: Record<string, number> };
    if (one.status !== 'completed') return undefined;
    expect(one.rows).toMatchObject({ succeeded: CURRENCIES.length, failed: 0 });
    return one;
  });
}, UP_LIMIT_MS);

const sell = async (currency: Currency): Promise<void> => {
  const sku = skuOf(currency);
  const price = priceOf(currency);
  const { status, body } = await decidedOrder(shop, { sku, expectedTotal: price });
  if (!chargeRuleOf(currency)) {
    expect([currency, status, body.code]).toEqual([currency, 422, 'AMOUNT_NOT_CHARGEABLE']);
    expect(await balance(shop, sku)).toEqual({ on_hand: UNITS, reserved: 0 });
    return;
  }
  expect([currency, status, body.total]).toEqual([currency, 201, price]);
  const minor = minorFromNumber(price, currency);
  await eventually(`the order in ${currency} is booked`, async () =>
    (await accountsOf(shop, body.id))['card_provider'] === minor ? true : undefined,
  );
  const amount = amountOf(minor, currency);
  const { intents, paid } = await providerView(shop, body.id);
  expect(intents).toMatchObject([{ amount, amount_received: amount }]);
  expect(paid).toMatchObject([{ amount_captured: amount, amount_refunded: 0 }]);
};

test(
  'every currency is imported, sold for its least amount and booked, or refused before a hold',
  () => mapBounded(CURRENCIES, AT_ONCE, sell),
  LIMIT_MS,
);
