// The rules of a cart: its lines at the prices last shown, merging, and its pending checkout.
import { DomainError } from '../errors.ts';
import type { Currency } from '../money.ts';
import { isDecided, LINES_MAX, QUANTITY_MAX, type OrderStatus } from '../order.ts';

/** Number of remembered addition keys; a repeated key adds nothing. */
const ADDITIONS_MAX = 20;
/** Number of remembered merged carts; a merged cart is deleted soon after. */
const MERGED_MAX = 20;

export interface CartLine {
  sku: string;
  quantity: number;
  productId: string;
  name: string;
  /**
   * The price last shown to the shopper; a change is reported until the shopper sets the line
   * again.
   */
  unitMinor: number;
  currency: Currency;
}

/** A checkout sent to Orders under a key; Orders decides whether it bought anything. */
export interface CartCheckout {
  key: string;
  /** The principal that owns the key at Orders. */
  principal: string;
  beganAtMs: number;
  lines: CartLine[];
}

export interface Cart {
  lines: CartLine[];
  /** Set while a checkout is pending or its outcome is unknown. */
  checkout?: CartCheckout | undefined;
  /** The last checkout that bought something; the same key returns the same answer. */
  bought?: (CartCheckout & { orderId: string }) | undefined;
  additions: { key: string; body: string }[];
  /** The last carts that were merged into this one. */
  mergedFrom: string[];
  /** The account that takes over this cart's lines; the cart is read-only from then on. */
  movedTo?: string | undefined;
}

export const EMPTY_CART: Cart = { lines: [], additions: [], mergedFrom: [] };

const full = (message: string): DomainError => new DomainError('CART_FULL', message);

/**
 * Sets a sku's quantity and price; an existing line keeps its position, a new one is appended.
 * Throws CART_FULL.
 */
export const withLine = (cart: Cart, line: CartLine): Cart => {
  if (line.quantity > QUANTITY_MAX) throw full(`a line has at most ${QUANTITY_MAX} pieces`);
  const isThere = cart.lines.some(({ sku }) => sku === line.sku);
  if (!isThere && cart.lines.length >= LINES_MAX)
    throw full(`a cart has at most ${LINES_MAX} lines`);
  const lines = isThere
    ? cart.lines.map((one) => (one.sku === line.sku ? line : one))
    : [...cart.lines, line];
  return { ...cart, lines };
};

const quantityOf = ({ lines }: Cart, wanted: string): number =>
  lines.find(({ sku }) => sku === wanted)?.quantity ?? 0;

/** Adds units of a sku, once per key. Throws CART_FULL, IDEMPOTENCY_KEY_REUSED. */
export const withMore = (
  cart: Cart,
  line: CartLine,
  addition?: { key: string; body: string },
): Cart => {
  const known = cart.additions.find(({ key }) => key === addition?.key);
  if (known && known.body !== addition?.body) {
    throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another body');
  }
  if (known) return cart;
  const more = { ...line, quantity: quantityOf(cart, line.sku) + line.quantity };
  const additions = addition ? [...cart.additions, addition].slice(-ADDITIONS_MAX) : cart.additions;
  return { ...withLine(cart, more), additions };
};

export const without = (cart: Cart, wanted: string): Cart => ({
  ...cart,
  lines: cart.lines.filter(({ sku }) => sku !== wanted),
});

/** Units of a merged cart that exceed the limits. */
export type NotTaken = { sku: string; quantity: number }[];

/** Merges another cart's lines into this one up to the limits, once per cart id. */
export const withMerged = (
  cart: Cart,
  from: { id: string; lines: CartLine[] },
): { cart: Cart; notTaken: NotTaken } => {
  if (cart.mergedFrom.includes(from.id)) return { cart, notTaken: [] };
  const notTaken: NotTaken = [];
  const merged = from.lines.reduce((sum, line) => {
    const present = quantityOf(sum, line.sku);
    const isNew = present === 0 && sum.lines.length >= LINES_MAX;
    const taken = isNew ? 0 : Math.min(line.quantity, QUANTITY_MAX - present);
    if (taken < line.quantity) notTaken.push({ sku: line.sku, quantity: line.quantity - taken });
    return taken === 0 ? sum : withLine(sum, { ...line, quantity: present + taken });
  }, cart);
  const mergedFrom = [...cart.mergedFrom, from.id].slice(-MERGED_MAX);
  return { cart: { ...merged, mergedFrom }, notTaken };
};

/**
 * The total last shown to the shopper, in minor units; they agree to it unless they send another.
 */
export const shownTotalMinor = (lines: readonly CartLine[]): number =>
  lines.reduce((sum, { unitMinor, quantity }) => sum + unitMinor * quantity, 0);

/** Endings in which nothing is bought: the cart keeps its lines. */
const NOTHING_BOUGHT: readonly OrderStatus[] = ['cancelled', 'rejected', 'expired'];

/** The outcome of the order that a cart was checked out with. */
export const outcomeOf = (status: OrderStatus): 'bought' | 'nothing' | 'waiting' => {
  if (NOTHING_BOUGHT.includes(status)) return 'nothing';
  return isDecided(status) ? 'bought' : 'waiting';
};

/** Removes the lines bought by the checkout with this key and keeps units added since. */
export const withBought = (cart: Cart, key: string, orderId: string): Cart => {
  const { checkout } = cart;
  if (checkout?.key !== key) return cart;
  const bought = new Map(checkout.lines.map(({ sku, quantity }) => [sku, quantity]));
  const lines = cart.lines.flatMap((line) => {
    const quantity = line.quantity - (bought.get(line.sku) ?? 0);
    return quantity > 0 ? [{ ...line, quantity }] : [];
  });
  return { ...cart, lines, checkout: undefined, bought: { ...checkout, orderId } };
};

/** Clears a checkout with this key that bought nothing. */
export const withoutCheckout = (cart: Cart, key: string): Cart =>
  cart.checkout?.key === key ? { ...cart, checkout: undefined } : cart;
