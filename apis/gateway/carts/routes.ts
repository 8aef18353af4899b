// Routes of carts: a guest's cart by its id, and the account's own, with the same calls.
import type { Permission } from '../../../domain/permissions.ts';
import { parsed } from '../../http/body.ts';
import { reply, route, type Reply, type Route, type RouteInput } from '../../http/routes.ts';
import { accountOf } from '../accounts/sign-in.ts';
import { decidedStatus, keyOf, optionalKeyOf } from '../orders.ts';
import { orderResponse } from '../responses.ts';
import { NEEDS_ORDER_KEY, TAKES_KEY } from '../../http/idempotency-keys.ts';
import { idOf, toOrderResponse } from '../shapes.ts';
import {
  addLine,
  cartOf,
  cartRef,
  makeCart,
  removeLine,
  setLine,
  type CartDeps,
  type CartRef,
} from './calls.ts';
import { checkoutCart } from './checkout.ts';
import { mergeCart } from './merge.ts';
import {
  cartBody,
  cartShape,
  checkoutBody,
  lineBody,
  mergeBody,
  quantityBody,
  skuShape,
  type CartResponse,
} from './shapes.ts';
import { viewCart } from './view.ts';

const shown = (cart: CartResponse, status = 200): Reply<CartResponse> => {
  const headers = { 'cache-control': 'private, no-store' };
  const location = { location: `/carts/${cart.id ?? ''}` };
  return reply(cart, status, { ...headers, ...(status === 201 && location) });
};

/** The two paths of a cart: `/carts/:id` for holders of the id, `/cart` for accounts. */
interface CartPath {
  path: string;
  needs: Permission;
  refOf(input: RouteInput): CartRef;
}

const CART_PATHS: CartPath[] = [
  {
    path: '/carts/:id',
    needs: 'shop',
    refOf: ({ principal, params }) => cartRef(principal, params['id'] ?? ''),
  },
  { path: '/cart', needs: 'own-account', refOf: ({ principal }) => cartRef(principal) },
];

const skuOf = ({ params }: RouteInput): string => parsed(skuShape, { sku: params['sku'] }).sku;

const readRoute = (deps: CartDeps, { path, needs, refOf }: CartPath): Route =>
  route({
    method: 'get',
    path,
    needs,
    response: cartShape,
    summary: 'The cart, with the prices and the stock of this moment.',
    statuses: { 200: 'the cart', 404: 'NOT_FOUND' },
    handler: async (input) => {
      const ref = refOf(input);
      return shown(await viewCart(deps, ref, await cartOf(deps, ref)));
    },
  });

const lineRoutes = (deps: CartDeps, { path, needs, refOf }: CartPath): Route[] => [
  route({
    method: 'post',
    path: `${path}/lines`,
    needs,
    body: lineBody,
    response: cartShape,
    summary: 'Add units of a sku to the cart.',
    headers: TAKES_KEY,
    statuses: {
      200: 'the cart',
      404: 'NOT_FOUND',
      409: 'CART_FULL',
      422: 'IDEMPOTENCY_KEY_REUSED',
    },
    handler: async (input) => {
      const ref = refOf(input);
      const cart = await addLine(deps, ref, input.body, optionalKeyOf(input.request, 1));
      return shown(await viewCart(deps, ref, cart));
    },
  }),
  route({
    method: 'put',
    path: `${path}/lines/:sku`,
    needs,
    body: quantityBody,
    response: cartShape,
    summary: 'Set the quantity of a sku, at its present price.',
    statuses: { 200: 'the cart', 404: 'NOT_FOUND', 409: 'CART_FULL' },
    handler: async (input) => {
      const ref = refOf(input);
      const cart = await setLine(deps, ref, { sku: skuOf(input), ...input.body });
      return shown(await viewCart(deps, ref, cart));
    },
  }),
  route({
    method: 'delete',
    path: `${path}/lines/:sku`,
    needs,
    response: cartShape,
    summary: 'Remove a sku from the cart.',
    statuses: { 200: 'the cart', 404: 'NOT_FOUND' },
    handler: async (input) => {
      const ref = refOf(input);
      return shown(await viewCart(deps, ref, await removeLine(deps, ref, skuOf(input))));
    },
  }),
];

const checkoutRoute = (deps: CartDeps, { path, needs, refOf }: CartPath): Route =>
  route({
    method: 'post',
    path: `${path}/checkout`,
    needs,
    body: checkoutBody,
    kind: 'checkout',
    summary: 'Order the lines of the cart, once a key; ordered lines leave it.',
    headers: NEEDS_ORDER_KEY,
    response: orderResponse,
    statuses: {
      201: 'the order, decided',
      202: 'the order, not decided yet',
      402: 'CARD_DECLINED',
      404: 'NOT_FOUND',
      409: 'CART_EMPTY, CART_IN_CHECKOUT, OUT_OF_STOCK, PRICE_CHANGED or QUANTITY_LIMITED',
      422: 'IDEMPOTENCY_KEY_REUSED',
    },
    handler: async (input) => {
      const requested = { body: input.body, key: keyOf(input.request) };
      const order = await checkoutCart(deps, input, refOf(input), requested);
      const headers = { location: `/orders/${idOf(order)}`, 'cache-control': 'private, no-store' };
      const token = deps.access.placedTokenOf(idOf(order));
      return reply(toOrderResponse(order, token), decidedStatus(order), headers);
    },
  });

const makeRoute = (deps: CartDeps): Route =>
  route({
    method: 'post',
    path: '/carts',
    needs: 'shop',
    body: cartBody,
    response: cartShape,
    kind: 'cart',
    summary: "Make a guest's cart; its id is the credential for it.",
    statuses: { 201: 'the cart', 409: 'CART_FULL' },
    handler: async ({ principal, body }) => {
      const { ref, cart } = await makeCart(deps, principal, body.lines);
      return shown(await viewCart(deps, ref, cart), 201);
    },
  });

const mergeRoute = (deps: CartDeps): Route =>
  route({
    method: 'post',
    path: '/cart/merge',
    needs: 'own-account',
    body: mergeBody,
    response: cartShape,
    summary: "Merge a guest's cart into the account's cart and delete it.",
    statuses: { 200: 'the cart', 409: 'CART_IN_CHECKOUT' },
    handler: async (input) => {
      const account = accountOf(input);
      const { cart, notTaken } = await mergeCart(deps, account, input.body.cartId);
      return shown(await viewCart(deps, cartRef(account), cart, notTaken));
    },
  });

export const cartRoutes = (deps: CartDeps): Route[] => [
  makeRoute(deps),
  ...CART_PATHS.flatMap((cartPath) => [
    readRoute(deps, cartPath),
    ...lineRoutes(deps, cartPath),
    checkoutRoute(deps, cartPath),
  ]),
  mergeRoute(deps),
];
