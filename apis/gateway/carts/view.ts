// Reads a cart with the present price and stock of every line.
import type { Cart, NotTaken } from '../../../domain/carts/cart.ts';
import { judgeLine, type JudgedLine, type PresentFacts } from '../../../domain/carts/findings.ts';
import { DomainError } from '../../../domain/errors.ts';
import { numberFromMinor, type Currency } from '../../../domain/money.ts';
import type { Order } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { isGuests, pricesOf, type CartDeps, type CartRef } from './calls.ts';
import { idOf, statusOf } from '../shapes.ts';
import { holdUntilOf, settled } from './checkout.ts';
import type { CartResponse } from './shapes.ts';
import { STORE_HEADER } from '../../../domain/headers.ts';

/** A dependency that is unavailable leaves a gap with a warning, not an error. */
const orUnknown = <T>(requested: Promise<T>): Promise<T | undefined> =>
  requested.catch((error: unknown) => {
    if (error instanceof DomainError && error.code !== 'INVALID_INPUT') return undefined;
    throw error;
  });

const factsOf = async (
  deps: CartDeps,
  { storeId }: CartRef,
  { lines }: Cart,
): Promise<PresentFacts> => {
  const skus = lines.map(({ sku }) => sku);
  if (skus.length === 0) return { prices: new Map(), available: new Map() };
  const headers = { [STORE_HEADER]: storeId };
  const [prices, counted] = await Promise.all([
    orUnknown(pricesOf(deps, storeId, skus)),
    orUnknown(deps.inventory.batchGetStock({ skus }, { headers })),
  ]);
  return {
    prices: prices && new Map(prices.map((one) => [one.sku, one])),
    available: counted && new Map(counted.stock.map(({ sku, available }) => [sku, available])),
  };
};

const toLineResponse = ({ line, unitMinor, currency, available, findings }: JudgedLine) => ({
  sku: line.sku,
  quantity: line.quantity,
  productId: line.productId,
  name: line.name,
  unitPrice: numberFromMinor(unitMinor, currency),
  ...(findings.includes('PRICE_CHANGED') && {
    shownPrice: numberFromMinor(line.unitMinor, line.currency),
  }),
  currency,
  available: available ?? null,
  findings,
});

const totalOf = (judged: JudgedLine[]): { total: number | null; currency: Currency | null } => {
  const sold = judged.filter(({ findings }) => !findings.includes('NOT_FOR_SALE'));
  const [currency = null, ...others] = new Set(sold.map((one) => one.currency));
  const isUnknown = sold.some(({ findings }) => findings.includes('PRICE_UNKNOWN'));
  if (!currency || others.length > 0 || isUnknown) return { total: null, currency };
  const minor = sold.reduce((sum, { line, unitMinor }) => sum + unitMinor * line.quantity, 0);
  return { total: numberFromMinor(minor, currency), currency };
};

const toCheckoutResponse = (order: Order | undefined) => {
  const holdUntil = holdUntilOf(order);
  return {
    ...(order && { order: { id: idOf(order), status: statusOf(order) } }),
    ...(holdUntil && { holdUntil }),
  };
};

/** Reads the cart with present prices and stock, and the result of its checkout. */
export const viewCart = async (
  deps: CartDeps,
  ref: CartRef,
  known: Cart,
  notTaken?: NotTaken,
): Promise<CartResponse> => {
  const { cart, order } = (await orUnknown(settled(deps, ref, known))) ?? { cart: known };
  const facts = await factsOf(deps, ref, cart);
  const judged = cart.lines.map((line) => judgeLine(line, facts));
  return {
    ...(isGuests(ref) && { id: ref.id }),
    lines: judged.map(toLineResponse),
    ...totalOf(judged),
    ...(cart.checkout && { checkout: toCheckoutResponse(order) }),
    ...(cart.bought && { bought: { orderId: cart.bought.orderId } }),
    ...(notTaken && { notTaken }),
  };
};
