// Merges a guest's cart into the account's cart once, at sign-in; a crash in between is safe.
import { EMPTY_CART, withMerged, type Cart, type NotTaken } from '../../../domain/carts/cart.ts';
import { DomainError } from '../../../domain/errors.ts';
import { isId } from '../../../domain/ids.ts';
import type { CartDeps } from './calls.ts';
import { settled } from './checkout.ts';

export interface Merged {
  cart: Cart;
  /** The quantities that exceed the limits of a cart. */
  notTaken: NotTaken;
}

/** Closes a cart to changes; undefined when it is missing or another account's. */
const closed = (deps: CartDeps, storeId: string, cartId: string, accountId: string) =>
  deps.carts.change(storeId, cartId, (cart) => {
    if (!cart || (cart.movedTo && cart.movedTo !== accountId)) return undefined;
    if (cart.checkout) throw new DomainError('CART_IN_CHECKOUT', 'this cart is being checked out');
    return { ...cart, movedTo: accountId };
  });

/**
 * Closes the guest's cart, adds its lines to the account's under its id, and removes it. Each step
 * is repeatable. A missing cart adds nothing. CART_IN_CHECKOUT.
 */
export const mergeCart = async (
  deps: CartDeps,
  { storeId, accountId }: { storeId: string; accountId: string },
  cartId: string,
): Promise<Merged> => {
  const ref = { storeId, id: cartId };
  const found = isId('cart', cartId) ? await deps.carts.find(storeId, cartId) : undefined;
  if (found?.checkout) await settled(deps, ref, found);
  const guests = found && (await closed(deps, storeId, cartId, accountId));
  if (!guests) {
    const cart = (await deps.carts.find(storeId, accountId)) ?? EMPTY_CART;
    return { cart, notTaken: [] };
  }
  let notTaken: NotTaken = [];
  const cart = await deps.carts.change(storeId, accountId, (present) => {
    const merged = withMerged(present ?? EMPTY_CART, { id: cartId, lines: guests.lines });
    notTaken = merged.notTaken;
    return merged.cart;
  });
  await deps.carts.remove(storeId, cartId);
  return { cart, notTaken };
};
