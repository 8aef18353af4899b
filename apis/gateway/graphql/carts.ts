// Resolvers of carts in GraphQL, by the same calls as over HTTP; the default is one's own cart.
import type { Order } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { refusing } from '../../http/graphql/engine.ts';
import type { RouteInput } from '../../http/routes.ts';
import {
  addLine,
  cartOf,
  cartRef,
  makeCart,
  removeLine,
  setLine,
  type CartDeps,
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

const refIn = ({ principal }: RouteInput, cartId: string | null | undefined): CartRef =>
  cartRef(principal, cartId ?? undefined);

export const cartQueries = (deps: CartDeps, context: RouteInput) => ({
  cart: ({ id }: { id?: string | null }) =>
    refusing(async () => {
      const ref = refIn(context, id);
      return viewCart(deps, ref, await cartOf(deps, ref));
    }),
});

/** Each mutation takes its cost from the limits where it runs, as all mutations do. */
const changes = (deps: CartDeps, context: RouteInput) => ({
  addToCart: ({ cartId, sku, quantity, ...keyed }: Keyed & OfSku & { quantity: number }) =>
    refusing(async () => {
      const isNew = !cartId && context.principal.kind !== 'account';
      await context.charge(isNew ? 'cart' : 'write');
      const change = inputOf(lineBody, { sku, quantity });
      if (isNew) {
        const { ref, cart } = await makeCart(deps, context.principal, [change]);
        return viewCart(deps, ref, cart);
      }
      const ref = refIn(context, cartId);
      return viewCart(deps, ref, await addLine(deps, ref, change, keyIn(keyed, context, 1)));
    }),
  setCartLine: ({ cartId, sku, quantity }: OfSku & { quantity: number }) =>
    refusing(async () => {
      await context.charge('write');
      const ref = refIn(context, cartId);
      const change = inputOf(lineBody, { sku, quantity });
      return viewCart(deps, ref, await setLine(deps, ref, change));
    }),
  removeCartLine: ({ cartId, sku }: OfSku) =>
    refusing(async () => {
      await context.charge('write');
      const ref = refIn(context, cartId);
      return viewCart(deps, ref, await removeLine(deps, ref, inputOf(skuShape, { sku }).sku));
    }),
});

/** `shown` renders the order that its shopper has just placed. */
export const cartMutations = (
  deps: CartDeps,
  context: RouteInput,
  shown: (order: Order) => unknown,
) => ({
  ...changes(deps, context),
  mergeCart: (args: { cartId: string }) =>
    refusing(async () => {
      await context.charge('write');
      const account = accountOf(context);
      const { cartId } = inputOf(mergeBody, args);
      const { cart, notTaken } = await mergeCart(deps, account, cartId);
      return viewCart(deps, cartRef(account), cart, notTaken);
    }),
  checkoutCart: ({ cartId, input, ...keyed }: Keyed & OfCart & { input: unknown }) =>
    refusing(async () => {
      await context.charge('checkout');
      const key = keyIn(keyed, context) ?? idempotencyKey('');
      const body = inputOf(checkoutBody, input);
      return shown(await checkoutCart(deps, context, refIn(context, cartId), { body, key }));
    }),
});
