// A cart: what somebody means to buy, at the prices they were shown, and its checkout under way.
import { DomainError } from '../errors.ts';
import type { Currency } from '../money.ts';
import { isDecided, LINES_MAX, QUANTITY_MAX, type OrderStatus } from '../order.ts';

/** Keys of the last additions: a repeated one adds nothing. */
const ADDITIONS_MAX = 20;
/** Carts that were taken over last: each is gone a moment later. */
const MERGED_MAX = 20;

export interface CartLine {
  sku: string;
  quantity: number;
  productId: string;
  name: string;
  /** What the shopper was shown last; a change is told until they say the line again. */
  unitMinor: number;
  currency: Currency;
}

/** What was sent to Orders under a key; whether it was bought is Orders' to say. */
export interface CartCheckout {
  key: string;
  /** Whose key it is at Orders. */
  principal: string;
  beganAtMs: number;
  lines: CartLine[];
}

export interface Cart {
  lines: CartLine[];
  /** Under way, or not known to have ended. */
  checkout?: CartCheckout | undefined;
  /** The last one that bought something; the same key again gets the same answer. */
  bought?: (CartCheckout & { orderId: string }) | undefined;
  additions: { key: string; body: string }[];
  /** The last carts whose lines are in here already. */
  mergedFrom: string[];
  /** The account that takes this cart's lines over: nobody else changes it any more. */
  movedTo?: string | undefined;
}

export const EMPTY_CART: Cart = { lines: [], additions: [], mergedFrom: [] };

const full = (message: string): DomainError => new DomainError('CART_FULL', message);

/** Exactly so many of a sku, at the price that it has now: in its place, or last. CART_FULL. */
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

/** More of a sku, once a key. CART_FULL, IDEMPOTENCY_KEY_REUSED. */
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

/** What of another cart found no room. */
export type NotTaken = { sku: string; quantity: number }[];

/** Another cart's lines beside one's own, summed up to the limits; once a cart. */
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

/** What the shopper was shown: what they agree to unless they say another total. */
export const shownTotalMinor = (lines: readonly CartLine[]): number =>
  lines.reduce((sum, { unitMinor, quantity }) => sum + unitMinor * quantity, 0);

/** Endings that leave the shopper without anything: the cart is theirs again. */
const NOTHING_BOUGHT: readonly OrderStatus[] = ['cancelled', 'rejected', 'expired'];

/** What became of an order that a cart was checked out with. */
export const outcomeOf = (status: OrderStatus): 'bought' | 'nothing' | 'waiting' => {
  if (NOTHING_BOUGHT.includes(status)) return 'nothing';
  return isDecided(status) ? 'bought' : 'waiting';
};

/** The checkout with this key bought its lines: they leave, and what came since stays. */
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

/** The checkout with this key bought nothing: the cart is as it was. */
export const withoutCheckout = (cart: Cart, key: string): Cart =>
  cart.checkout?.key === key ? { ...cart, checkout: undefined } : cart;
