// Checkout: priced by Products, accepted once in Postgres, then its workflow is started.
import { createHash } from 'node:crypto';
import type { Message } from '@bufbuild/protobuf';
import type { Client } from '@connectrpc/connect';
import { waitAtMost } from '../../concurrency/deadline.ts';
import type { Cassandra } from '../../db/cassandra/client.ts';
import type { Pg } from '../../db/postgres/client.ts';
import {
  acceptOrder,
  findOrderByKey,
  orderById,
  type CheckoutKey,
  type Order,
} from '../../db/postgres/orders/orders.ts';
import { assertChargeable } from '../../domain/charges.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import {
  currencyOf,
  decimalsOf,
  DEFAULT_CURRENCY,
  minorFromNumber,
  numberFromMinor,
  sumMinor,
  type Currency,
} from '../../domain/money.ts';
import { isDecided, type Address, type OrderLine } from '../../domain/order.ts';
import type { PlaceOrderRequest } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { TemporalConnection } from '../../workflows/client/connection.ts';
import type { WorkflowTimings } from '../../workflows/fulfill-order.contract.ts';
import type { OrderWatch } from './watch.ts';
import type { Admission } from './admission.ts';
import { startOrderAndWait } from '../../workflows/client/start.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

/** How long a checkout waits for the payment's outcome. */
const ANSWER_LIMIT_MS = 3_000;

export interface OrdersDeps extends WorkflowTimings {
  pg: Pg;
  /** The read model. */
  cassandra: Cassandra;
  products: Client<typeof ProductsService>;
  temporal: TemporalConnection;
  admission: Admission;
  /** Says which orders have new events. */
  watch: OrderWatch;
  telemetry: Telemetry;
}

/** What the shopper was shown: a total in one form or the other, or none. */
interface Expected {
  /** With the decimals of the order's currency. */
  total: number | undefined;
  /** In its minor units; unused beside the other. */
  totalMinor: number | undefined;
  /** Empty when it is not known. */
  currency: string;
}

type Reshaped =
  | 'idempotencyKey'
  | 'shippingAddress'
  | 'lines'
  | 'expectedTotal'
  | 'expectedTotalMinor'
  | 'expectedCurrency';

/** A checkout request in the domain's types. */
export interface Checkout extends Omit<PlaceOrderRequest, keyof Message | Reshaped> {
  storeId: string;
  key: string;
  lines: { sku: string; quantity: number }[];
  shippingAddress: Address;
  expected: Expected;
}

/** Digits that a JSON number holds exactly. */
const DIGITS = 15;

/** Read before the order has a currency: USD stands for one that is not known. */
const minorToHash = ({ total, totalMinor, currency }: Expected): number | undefined => {
  if (total === undefined) return totalMinor;
  const decimals = decimalsOf(currency === '' ? DEFAULT_CURRENCY : currencyOf(currency));
  return Number((total * 10 ** decimals).toPrecision(DIGITS));
};

const bodyHashOf = (checkout: Checkout): string => {
  const { principal: _, key: __, isUnproven: ___, expected, ...rest } = checkout;
  // Keys of earlier versions were stored with the hash of this form.
  const body = { ...rest, expectedTotalMinor: minorToHash(expected) };
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
};

/** Each line with its present price. A sku that is not for sale is refused, naming its line. */
const pricedLines = async (
  { products }: OrdersDeps,
  { storeId, lines }: Checkout,
): Promise<{ lines: OrderLine[]; currency: string }> => {
  const skus = [...new Set(lines.map((line) => line.sku))];
  const headers = { [STORE_HEADER]: storeId };
  const { prices } = await products.batchGetPrices({ skus }, { headers });
  const bySku = new Map(prices.map((price) => [price.sku, price]));
  const priced = lines.map(({ sku, quantity }, at): OrderLine => {
    const price = bySku.get(sku);
    if (!price) throw invalid(`lines.${at}.sku`, 'is not for sale');
    const { productId, name, priceMinor } = price;
    return { sku, quantity, productId, name, unitMinor: Number(priceMinor) };
  });
  const currencies = new Set(prices.map((price) => price.currency));
  if (currencies.size > 1) throw invalid('lines', 'must all have one currency');
  return { lines: priced, currency: prices[0]?.currency ?? '' };
};

const isExpected = (
  { total, totalMinor, currency: shown }: Expected,
  presentMinor: number,
  currency: Currency,
): boolean => {
  if (total === undefined && totalMinor === undefined) return true;
  if (shown !== '' && shown !== currency) return false;
  const minor =
    total === undefined ? totalMinor : minorFromNumber(total, currency, 'expectedTotal');
  return minor === presentMinor;
};

/** PRICE_CHANGED, or INVALID_INPUT for a total that the order's currency does not have. */
const assertExpected = ({ expected }: Checkout, currency: Currency, lines: OrderLine[]): void => {
  const totalMinor = sumMinor(lines);
  if (isExpected(expected, totalMinor, currency)) return;
  throw new DomainError('PRICE_CHANGED', 'the total is not what was expected', {
    facts: {
      total: numberFromMinor(totalMinor, currency),
      currency,
      lines: lines.map(({ sku, unitMinor }) => ({
        sku,
        unitPrice: numberFromMinor(unitMinor, currency),
      })),
    },
  });
};

const accept = async (deps: OrdersDeps, checkout: Checkout, requested: CheckoutKey) => {
  const known = await findOrderByKey(deps.pg, requested);
  if (known) return known;
  deps.admission.assertOpen();
  const { lines, currency: code } = await pricedLines(deps, checkout);
  const currency = currencyOf(code);
  const totalMinor = sumMinor(lines);
  if (totalMinor > 0 && checkout.paymentMethod === '') throw invalid('paymentMethod', 'is needed');
  if (totalMinor > 0) assertChargeable(totalMinor, currency);
  assertExpected(checkout, currency, lines);
  const { principal: _, key: __, expected: ___, isUnproven: ____, ...agreed } = checkout;
  return acceptOrder(deps.pg, requested, {
    ...agreed,
    id: newId('order'),
    totalMinor,
    currency,
    lines,
  });
};

const untilDecided = async (
  deps: OrdersDeps,
  order: Order & { isUnproven: boolean },
): Promise<void> => {
  const begun = deps.telemetry
    .timed('temporal', 'placeOrder', () => startOrderAndWait(deps.temporal, order, deps))
    .catch((error: unknown) => {
      // Started already, late or unavailable: the answer is read from Postgres, and a sweep starts
      // workflows that are missing.
      deps.telemetry.log.warn('workflow start unconfirmed', {
        orderId: order.id,
        reason: error instanceof Error ? error.message : String(error),
      });
    });
  await waitAtMost(begun, ANSWER_LIMIT_MS);
};

/**
 * Places an order, once per principal and key: an equal call joins the first and gets its answer.
 * IDEMPOTENCY_KEY_REUSED, INVALID_INPUT, PRICE_CHANGED, AMOUNT_NOT_CHARGEABLE, UNAVAILABLE.
 */
export const place = async (deps: OrdersDeps, checkout: Checkout): Promise<Order> => {
  const { storeId, principal, key, isUnproven } = checkout;
  const bodyHash = bodyHashOf(checkout);
  const order = await accept(deps, checkout, { storeId, principal, key, bodyHash });
  if (isDecided(order.status) || order.status === 'awaiting_payment') return order;
  await untilDecided(deps, { ...order, isUnproven });
  return orderById(deps.pg, storeId, order.id);
};
