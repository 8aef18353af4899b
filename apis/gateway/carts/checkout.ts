// Checks a cart out: records what is sent under a key first, and orders it once.
import type { z } from 'zod';
import {
  outcomeOf,
  shownTotalMinor,
  withBought,
  withoutCheckout,
  type Cart,
  type CartCheckout,
} from '../../../domain/carts/cart.ts';
import { DomainError } from '../../../domain/errors.ts';
import { numberFromMinor } from '../../../domain/money.ts';
import type { OrderStatus } from '../../../domain/order.ts';
import type { Order } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { emailOf, placeOrder, type Shopper } from '../order-calls.ts';
import { ownerOf } from '../owners.ts';
import { idOf, statusOf } from '../shapes.ts';
import { cartOf, existing, type CartDeps, type CartRef } from './calls.ts';
import type { checkoutBody } from './shapes.ts';
import { STORE_HEADER } from '../../../domain/headers.ts';

/** Longer than any call to Orders: a checkout without an order by then will make none. */
const UNDER_WAY_MS = 60_000;

/** A cart and its order whose payment is undecided. */
export interface SettledCart {
  cart: Cart;
  order?: Order | undefined;
}

/** Records the result of a checkout; a deleted cart needs none. */
const conclude = async (
  { carts }: CartDeps,
  ref: CartRef,
  change: (cart: Cart) => Cart,
): Promise<Cart> => {
  const cart = await carts.change(ref.storeId, ref.id, (present) => present && change(present));
  return existing(ref, cart);
};

/** Reads from Orders the result of the checkout that a cart has recorded. */
export const settled = async (deps: CartDeps, ref: CartRef, cart: Cart): Promise<SettledCart> => {
  const { checkout } = cart;
  if (!checkout) return { cart };
  const { key, principal, beganAtMs } = checkout;
  const requested = { principal, idempotencyKey: key };
  const headers = { [STORE_HEADER]: ref.storeId };
  const { order } = await deps.orders.findOrderByKey(requested, { headers });
  const outcome = order && outcomeOf(statusOf(order));
  if (order && outcome === 'waiting') return { cart, order };
  if (order && outcome === 'bought') {
    return { cart: await conclude(deps, ref, (one) => withBought(one, key, idOf(order))) };
  }
  if (!order && Date.now() - beganAtMs < UNDER_WAY_MS) return { cart };
  return { cart: await conclude(deps, ref, (one) => withoutCheckout(one, key)) };
};

/** When the order's reservation ends, which holds the stock; a cart holds none. */
export const holdUntilOf = (order: Order | undefined): string | undefined =>
  order && statusOf(order) === 'awaiting_payment'
    ? order.private?.nextAction?.until || undefined
    : undefined;

const inCheckout = (order?: Order): DomainError => {
  const holdUntil = holdUntilOf(order);
  return new DomainError('CART_IN_CHECKOUT', 'this cart is being checked out already', {
    facts: {
      ...(order && { order: { id: idOf(order), status: statusOf(order) } }),
      ...(holdUntil && { holdUntil }),
    },
  });
};

const nothingToBuy = ({ bought }: Cart): DomainError =>
  new DomainError('CART_EMPTY', 'there is nothing in this cart', {
    facts: bought ? { order: { id: bought.orderId } } : {},
  });

interface Begun {
  checkout: CartCheckout;
  /** True when no earlier call has sent this checkout. */
  isNew: boolean;
}

/** Records what a key stands for before it is sent, so that a repeated call sends the same. */
const begin = async (
  deps: CartDeps,
  ref: CartRef,
  { key, principal }: { key: string; principal: string },
): Promise<Begun> => {
  const present = await cartOf(deps, ref);
  if (present.checkout && present.checkout.key !== key) {
    const { cart, order } = await settled(deps, ref, present);
    if (cart.checkout) throw inCheckout(order);
  }
  const fresh = { key, principal, beganAtMs: Date.now() };
  const begun = await deps.carts.change(ref.storeId, ref.id, (found) => {
    const cart = existing(ref, found);
    if ([cart.checkout?.key, cart.bought?.key].includes(key)) return cart;
    if (cart.checkout) throw inCheckout();
    if (cart.lines.length === 0) throw nothingToBuy(cart);
    return { ...cart, checkout: { ...fresh, lines: cart.lines } };
  });
  const checkout = begun.checkout?.key === key ? begun.checkout : begun.bought;
  if (!checkout) throw new Error('a checkout that was just written is not there');
  if (checkout.principal !== principal) {
    throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another e-mail');
  }
  return { checkout, isNew: checkout === begun.checkout && checkout.beganAtMs === fresh.beganAtMs };
};

/** True for a refusal after which this call certainly made no order. */
const isFinal = (error: unknown, isNew: boolean): boolean => {
  if (!(error instanceof DomainError) || error.code === 'UNAVAILABLE') return false;
  const order = error.facts['order'] as { status: OrderStatus } | undefined;
  return order ? outcomeOf(order.status) === 'nothing' : isNew;
};

/** A failure is only logged: the order exists, and the cart is settled at its next read. */
const afterwards = async (deps: CartDeps, work: () => Promise<unknown>): Promise<void> => {
  await work().catch((error: unknown) => {
    deps.telemetry.log.warn('cart not settled', {
      reason: error instanceof Error ? error.message : String(error),
    });
  });
};

/**
 * Orders the lines of a cart, once a key. The expected total is that of the shown prices, unless
 * the shopper sends one. CART_EMPTY, CART_IN_CHECKOUT, and the codes of placing an order.
 */
export const checkoutCart = async (
  deps: CartDeps,
  shopper: Shopper,
  ref: CartRef,
  { body, key }: { body: z.output<typeof checkoutBody>; key: string },
): Promise<Order> => {
  const email = emailOf(shopper, body.email);
  const principal = ownerOf(shopper.principal, email);
  const { checkout, isNew } = await begin(deps, ref, { key, principal });
  const lines = checkout.lines.map(({ sku, quantity }) => ({ sku, quantity }));
  const currency = checkout.lines[0]?.currency;
  const shownTotal = currency && numberFromMinor(shownTotalMinor(checkout.lines), currency);
  const expectedTotal = body.expectedTotal ?? shownTotal;
  try {
    const checkout = { ...body, email, lines, expectedTotal, currency };
    const order = await placeOrder(deps, shopper, checkout, key);
    if (outcomeOf(statusOf(order)) === 'bought') {
      await afterwards(deps, () =>
        conclude(deps, ref, (cart) => withBought(cart, key, idOf(order))),
      );
    }
    return order;
  } catch (error) {
    if (isFinal(error, isNew)) {
      await afterwards(deps, () => conclude(deps, ref, (cart) => withoutCheckout(cart, key)));
    }
    throw error;
  }
};
