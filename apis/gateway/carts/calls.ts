// Makes, reads and changes carts, for HTTP and GraphQL alike.
import { createHash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import type { CartStore } from '../../../db/redis/carts.ts';
import {
  EMPTY_CART,
  withLine,
  withMore,
  without,
  type Cart,
  type CartLine,
} from '../../../domain/carts/cart.ts';
import { DomainError, invalid } from '../../../domain/errors.ts';
import { isId, newCartId } from '../../../domain/ids.ts';
import { currencyOf } from '../../../domain/money.ts';
import type { InventoryService } from '../../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { ProductsService } from '../../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Principal } from '../../http/principals.ts';
import type { OrderDeps } from '../order-calls.ts';
import { STORE_HEADER } from '../../../domain/headers.ts';

export interface CartDeps extends OrderDeps {
  carts: CartStore;
  products: Client<typeof ProductsService>;
  inventory: Client<typeof InventoryService>;
}

/** The id a cart is stored under: a guest's cart has its own, an account's cart the account's. */
export interface CartRef {
  storeId: string;
  id: string;
}

const noCart = (): DomainError => new DomainError('NOT_FOUND', 'no such cart');

/** The named cart, or without a name the caller's own. NOT_FOUND, UNAUTHENTICATED. */
export const cartRef = ({ storeId, ...principal }: Principal, cartId?: string): CartRef => {
  if (cartId !== undefined) {
    if (!isId('cart', cartId)) throw noCart();
    return { storeId, id: cartId };
  }
  if (principal.kind === 'account') return { storeId, id: principal.accountId };
  throw new DomainError('UNAUTHENTICATED', 'sign in, or say which cart');
};

export const isGuests = ({ id }: CartRef): boolean => isId('cart', id);

/** An account always has a cart; a guest's cart may not exist. NOT_FOUND. */
export const existing = (ref: CartRef, cart: Cart | undefined): Cart => {
  if (!isGuests(ref)) return cart ?? EMPTY_CART;
  if (!cart || cart.movedTo) throw noCart();
  return cart;
};

export const cartOf = async ({ carts }: CartDeps, ref: CartRef): Promise<Cart> =>
  existing(ref, await carts.find(ref.storeId, ref.id));

interface LineChange {
  sku: string;
  quantity: number;
}

/** The prices that checkout uses, by sku, without skus that are not for sale. */
export const pricesOf = async ({ products }: CartDeps, storeId: string, skus: string[]) => {
  const headers = { [STORE_HEADER]: storeId };
  const { prices } = await products.batchGetPrices({ skus }, { headers });
  return prices.map(({ sku, productId, name, priceMinor, currency }) => ({
    sku,
    productId,
    name,
    unitMinor: Number(priceMinor),
    currency: currencyOf(currency),
  }));
};

/** The lines with the price and stock that they show now. INVALID_INPUT for a sku not for sale. */
const pricedLines = async (
  deps: CartDeps,
  storeId: string,
  changes: LineChange[],
): Promise<CartLine[]> => {
  if (changes.length === 0) return [];
  const skus = [...new Set(changes.map(({ sku }) => sku))];
  const prices = await pricesOf(deps, storeId, skus);
  return changes.map(({ sku, quantity }) => {
    const price = prices.find((one) => one.sku === sku);
    if (!price) throw invalid('sku', 'is not for sale');
    return { ...price, quantity };
  });
};

const pricedLine = async (
  deps: CartDeps,
  storeId: string,
  change: LineChange,
): Promise<CartLine> => {
  const [line] = await pricedLines(deps, storeId, [change]);
  if (!line) throw new Error('a line came back without a price');
  return line;
};

/** Makes a guest's cart with these lines. INVALID_INPUT, CART_FULL, OVERLOADED. */
export const makeCart = async (
  deps: CartDeps,
  { storeId }: Principal,
  changes: LineChange[],
): Promise<{ ref: CartRef; cart: Cart }> => {
  const ref = { storeId, id: newCartId() };
  const lines = await pricedLines(deps, storeId, changes);
  const made = lines.reduce((cart, line) => withMore(cart, line), EMPTY_CART);
  await deps.carts.assertRoomForGuest();
  return { ref, cart: await deps.carts.change(storeId, ref.id, () => made) };
};

const changed = ({ carts }: CartDeps, ref: CartRef, change: (cart: Cart) => Cart): Promise<Cart> =>
  carts.change(ref.storeId, ref.id, (cart) => change(existing(ref, cart)));

const hashOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url');

/** Adds to the cart's lines, once a key. INVALID_INPUT, CART_FULL, IDEMPOTENCY_KEY_REUSED. */
export const addLine = async (
  deps: CartDeps,
  ref: CartRef,
  change: LineChange,
  key?: string,
): Promise<Cart> => {
  await cartOf(deps, ref);
  const line = await pricedLine(deps, ref.storeId, change);
  const addition = key === undefined ? undefined : { key: hashOf(key), body: hashOf(change) };
  return changed(deps, ref, (cart) => withMore(cart, line, addition));
};

/** Sets a line's quantity at the present price. INVALID_INPUT, CART_FULL. */
export const setLine = async (deps: CartDeps, ref: CartRef, change: LineChange): Promise<Cart> => {
  await cartOf(deps, ref);
  const line = await pricedLine(deps, ref.storeId, change);
  return changed(deps, ref, (cart) => withLine(cart, line));
};

/** Removes a line; a missing line counts as removed. */
export const removeLine = (deps: CartDeps, ref: CartRef, sku: string): Promise<Cart> =>
  changed(deps, ref, (cart) => without(cart, sku));
