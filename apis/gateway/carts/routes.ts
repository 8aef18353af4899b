// Carts over HTTP: a guest's by its id, and the account's own, with the same calls.
import type { Permission } from '../../../domain/permissions.ts';
import { parsed } from '../../http/body.ts';
import { json, route, type Ask, type Route } from '../../http/routes.ts';
import { accountOf } from '../accounts/sign-in.ts';
import { decidedStatus, keyOf, optionalKeyOf } from '../orders.ts';
import { orderShown } from '../shown.ts';
import { NEEDS_KEY, shownOrder, TAKES_KEY } from '../shapes.ts';
import {
  addLine,
  cartOf,
  cartRef,
  makeCart,
  removeLine,
  setLine,
  type CartDoor,
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
  type ShownCart,
} from './shapes.ts';
import { viewCart } from './view.ts';

const shown = (cart: ShownCart, status = 200): Response => {
  const headers = { 'cache-control': 'private, no-store' };
  const location = { location: `/carts/${cart.id ?? ''}` };
  return json(cart, status, { ...headers, ...(status === 201 && location) });
};

/** Where a cart is: `/carts/:id` for whoever knows the id, `/cart` for who is signed in. */
interface Place {
  path: string;
  needs: Permission;
  refOf(ask: Ask): CartRef;
}

const PLACES: Place[] = [
  {
    path: '/carts/:id',
    needs: 'shop',
    refOf: ({ principal, params }) => cartRef(principal, params['id'] ?? ''),
  },
  { path: '/cart', needs: 'own-account', refOf: ({ principal }) => cartRef(principal) },
];

const skuOf = ({ params }: Ask): string => parsed(skuShape, { sku: params['sku'] }).sku;

const readRoute = (door: CartDoor, { path, needs, refOf }: Place): Route =>
  route({
    ...{ method: 'get', path, needs, shows: cartShape },
    summary: 'The cart, with the prices and the stock of this moment.',
    answers: { 200: 'the cart', 404: 'NOT_FOUND' },
    answer: async (ask) => {
      const ref = refOf(ask);
      return shown(await viewCart(door, ref, await cartOf(door, ref)));
    },
  });

const lineRoutes = (door: CartDoor, { path, needs, refOf }: Place): Route[] => [
  route({
    ...{ method: 'post', path: `${path}/lines`, needs, body: lineBody, shows: cartShape },
    summary: 'Put more of a sku into the cart.',
    headers: TAKES_KEY,
    answers: { 200: 'the cart', 404: 'NOT_FOUND', 409: 'CART_FULL', 422: 'IDEMPOTENCY_KEY_REUSED' },
    answer: async (ask) => {
      const ref = refOf(ask);
      const cart = await addLine(door, ref, ask.body, optionalKeyOf(ask.request));
      return shown(await viewCart(door, ref, cart));
    },
  }),
  route({
    ...{ method: 'put', path: `${path}/lines/:sku`, needs, body: quantityBody, shows: cartShape },
    summary: 'Say how many of a sku, at its present price.',
    answers: { 200: 'the cart', 404: 'NOT_FOUND', 409: 'CART_FULL' },
    answer: async (ask) => {
      const ref = refOf(ask);
      const cart = await setLine(door, ref, { sku: skuOf(ask), ...ask.body });
      return shown(await viewCart(door, ref, cart));
    },
  }),
  route({
    ...{ method: 'delete', path: `${path}/lines/:sku`, needs, shows: cartShape },
    summary: 'Take a sku out of the cart.',
    answers: { 200: 'the cart', 404: 'NOT_FOUND' },
    answer: async (ask) => {
      const ref = refOf(ask);
      return shown(await viewCart(door, ref, await removeLine(door, ref, skuOf(ask))));
    },
  }),
];

const checkoutRoute = (door: CartDoor, { path, needs, refOf }: Place): Route =>
  route({
    ...{ method: 'post', path: `${path}/checkout`, needs, body: checkoutBody },
    kind: 'checkout',
    summary: 'Order what is in the cart, once a key; what was ordered leaves it.',
    headers: NEEDS_KEY,
    shows: orderShown,
    answers: {
      201: 'the order, decided',
      202: 'the order, not decided yet',
      402: 'CARD_DECLINED',
      404: 'NOT_FOUND',
      409: 'CART_EMPTY, CART_IN_CHECKOUT, OUT_OF_STOCK or PRICE_CHANGED',
      422: 'IDEMPOTENCY_KEY_REUSED',
    },
    answer: async (ask) => {
      const asked = { body: ask.body, key: keyOf(ask.request) };
      const order = await checkoutCart(door, ask, refOf(ask), asked);
      const headers = { location: `/orders/${order.id}`, 'cache-control': 'private, no-store' };
      const token = door.access.tokenOf(order.id);
      return json(shownOrder(order, token), decidedStatus(order), headers);
    },
  });

const makeRoute = (door: CartDoor): Route =>
  route({
    ...{ method: 'post', path: '/carts', needs: 'shop', body: cartBody, shows: cartShape },
    kind: 'cart',
    summary: "A new guest's cart; its id is all it takes to use it.",
    answers: { 201: 'the cart', 409: 'CART_FULL' },
    answer: async ({ principal, body }) => {
      const { ref, cart } = await makeCart(door, principal, body.lines);
      return shown(await viewCart(door, ref, cart), 201);
    },
  });

const mergeRoute = (door: CartDoor): Route =>
  route({
    ...{ method: 'post', path: '/cart/merge', needs: 'own-account', body: mergeBody },
    shows: cartShape,
    summary: "Take a guest's cart over; its lines are added, and it is gone.",
    answers: { 200: 'the cart', 409: 'CART_IN_CHECKOUT' },
    answer: async (ask) => {
      const account = accountOf(ask);
      const { cart, notTaken } = await mergeCart(door, account, ask.body.cartId);
      return shown(await viewCart(door, cartRef(account), cart, notTaken));
    },
  });

export const cartRoutes = (door: CartDoor): Route[] => [
  makeRoute(door),
  ...PLACES.flatMap((place) => [
    readRoute(door, place),
    ...lineRoutes(door, place),
    checkoutRoute(door, place),
  ]),
  mergeRoute(door),
];
