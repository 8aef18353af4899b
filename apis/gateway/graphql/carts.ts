// Carts in GraphQL: the same calls as over HTTP; a cart that is not named is one's own.
import type { Order } from '../../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { refusing } from '../../http/graphql/engine.ts';
import type { Ask } from '../../http/routes.ts';
import {
  addLine,
  cartOf,
  cartRef,
  makeCart,
  removeLine,
  setLine,
  type CartDoor,
  type CartRef,
} from '../carts/calls.ts';
import { checkoutCart } from '../carts/checkout.ts';
import { mergeCart } from '../carts/merge.ts';
import { checkoutBody, lineBody, mergeBody, skuShape } from '../carts/shapes.ts';
import { viewCart } from '../carts/view.ts';
import { idempotencyKey } from '../order-calls.ts';
import { accountOf, inputOf, keyIn, type Keyed } from './arguments.ts';

interface OfCart {
  cartId?: string | null;
}
interface OfSku extends OfCart {
  sku: string;
}

const refIn = ({ principal }: Ask, cartId: string | null | undefined): CartRef =>
  cartRef(principal, cartId ?? undefined);

export const cartQueries = (door: CartDoor, ask: Ask) => ({
  cart: ({ id }: { id?: string | null }) =>
    refusing(async () => {
      const ref = refIn(ask, id);
      return viewCart(door, ref, await cartOf(door, ref));
    }),
});

/** What each costs is taken where it runs, as with every mutation. */
const changes = (door: CartDoor, ask: Ask) => ({
  addToCart: ({ cartId, sku, quantity, ...keyed }: Keyed & OfSku & { quantity: number }) =>
    refusing(async () => {
      const isNew = !cartId && ask.principal.kind !== 'account';
      await ask.charge(isNew ? 'cart' : 'write');
      const wish = inputOf(lineBody, { sku, quantity });
      if (isNew) {
        const { ref, cart } = await makeCart(door, ask.principal, [wish]);
        return viewCart(door, ref, cart);
      }
      const ref = refIn(ask, cartId);
      return viewCart(door, ref, await addLine(door, ref, wish, keyIn(keyed, ask)));
    }),
  setCartLine: ({ cartId, sku, quantity }: OfSku & { quantity: number }) =>
    refusing(async () => {
      await ask.charge('write');
      const ref = refIn(ask, cartId);
      const wish = inputOf(lineBody, { sku, quantity });
      return viewCart(door, ref, await setLine(door, ref, wish));
    }),
  removeCartLine: ({ cartId, sku }: OfSku) =>
    refusing(async () => {
      await ask.charge('write');
      const ref = refIn(ask, cartId);
      return viewCart(door, ref, await removeLine(door, ref, inputOf(skuShape, { sku }).sku));
    }),
});

/** `shown` is how an order is shown that its shopper has just placed. */
export const cartMutations = (door: CartDoor, ask: Ask, shown: (order: Order) => unknown) => ({
  ...changes(door, ask),
  mergeCart: (args: { cartId: string }) =>
    refusing(async () => {
      await ask.charge('write');
      const account = accountOf(ask);
      const { cartId } = inputOf(mergeBody, args);
      const { cart, notTaken } = await mergeCart(door, account, cartId);
      return viewCart(door, cartRef(account), cart, notTaken);
    }),
  checkoutCart: ({ cartId, input, ...keyed }: Keyed & OfCart & { input: unknown }) =>
    refusing(async () => {
      await ask.charge('checkout');
      const key = keyIn(keyed, ask) ?? idempotencyKey('');
      const body = inputOf(checkoutBody, input);
      return shown(await checkoutCart(door, ask, refIn(ask, cartId), { body, key }));
    }),
});
