// Resolvers of the shopper's own root fields, by the same functions as the HTTP routes.
import { invalid, DomainError } from '../../../domain/errors.ts';
import type { Order } from '../../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { LIMIT_MAX, type Cursors } from '../../http/cursors.ts';
import { refusing } from '../../http/graphql/engine.ts';
import type { Principal } from '../../http/principals.ts';
import type { RouteInput } from '../../http/routes.ts';
import { meOf } from '../accounts/sessions.ts';
import type { AccountDeps } from '../accounts/sign-in.ts';
import {
  allowedOrder,
  cancelOrder,
  findOrder,
  idempotencyKey,
  listEvents,
  payOrder,
  placeOrder,
  requestReturn,
  type Shopper,
} from '../order-calls.ts';
import { listOwnOrders, ownOrdersList } from '../own-orders.ts';
import {
  idOf,
  orderBody,
  paymentBody,
  returnBody,
  toEventResponse,
  toOrderResponse,
  toReturnResponse,
} from '../shapes.ts';
import { accountOf, inputOf, keyIn, type Keyed } from './arguments.ts';
import { cartMutations, cartQueries } from './carts.ts';
import { OWN } from './schema.ts';

/** The default page size, as in the schema. */
const PAGE_DEFAULT = 20;

export interface ShopperDeps extends AccountDeps {
  cursors: Cursors;
}

interface OfOrder {
  accessToken?: string | null;
}
/** The bearer of an order's token is its guest, signed in or not. */
const shopperOf = (context: RouteInput, { accessToken }: OfOrder): Shopper => {
  const { principal, address } = context;
  if (!accessToken) return { principal, address };
  const guest: Principal = {
    kind: 'guest',
    storeId: principal.storeId,
    orderToken: accessToken,
  };
  return { principal: guest, address };
};

const orderNode = (deps: ShopperDeps, shopper: Shopper, order: Order, token?: string) => ({
  ...toOrderResponse(order, token),
  timeline: () =>
    refusing(async () => (await listEvents(deps, shopper, idOf(order))).map(toEventResponse)),
});

/** The node of an order that was just placed, whose guest has no token yet. */
const withToken = (deps: ShopperDeps, { principal, address }: Shopper, order: Order) => {
  const orderToken = deps.access.placedTokenOf(idOf(order));
  if (orderToken === undefined) return orderNode(deps, { principal, address }, order);
  const guest = { kind: 'guest', storeId: principal.storeId, orderToken } as const;
  const shopper =
    principal.kind === 'account' ? { principal, address } : { principal: guest, address };
  return orderNode(deps, shopper, order, orderToken);
};

const queries = (deps: ShopperDeps, context: RouteInput) => ({
  me: () =>
    refusing(async () => (context.principal.kind === 'account' ? meOf(deps, context) : null)),
  order: (args: OfOrder & { id: string }) =>
    refusing(async () => {
      const shopper = shopperOf(context, args);
      if (shopper.principal.kind === 'anyone') {
        throw new DomainError('UNAUTHENTICATED', "send the order's access token, or sign in");
      }
      const id = allowedOrder(deps.access, shopper.principal, args.id);
      const order = await findOrder(deps, shopper, id);
      return orderNode(deps, shopper, order, deps.access.tokenOf(id));
    }),
  orders: ({ first, after }: { first: number | null; after?: string | null }) =>
    refusing(async () => {
      const account = accountOf(context);
      const limit = first ?? PAGE_DEFAULT;
      if (limit < 1 || limit > LIMIT_MAX) throw invalid('first', `must be 1 to ${LIMIT_MAX}`);
      const list = ownOrdersList(account);
      const before = after ? deps.cursors.open(list, after) : '';
      const found = await listOwnOrders(deps, account, { before, limit });
      const edges = found.slice(0, limit).map((order) => ({
        cursor: deps.cursors.seal(list, idOf(order)),
        node: orderNode(deps, context, order),
      }));
      const pageInfo = {
        [OWN]: true,
        hasNextPage: found.length > limit,
        hasPreviousPage: before !== '',
        startCursor: edges[0]?.cursor ?? null,
        endCursor: edges.at(-1)?.cursor ?? null,
      };
      return { edges, pageInfo };
    }),
});

type Input = { input: unknown };
type OfOneOrder = OfOrder & { orderId: string };

/** Each mutation takes its cost where it runs, so that N mutations in one query cost N calls. */
const mutations = (deps: ShopperDeps, context: RouteInput) => ({
  placeOrder: (args: Keyed & Input) =>
    refusing(async () => {
      await context.charge('checkout');
      const key = keyIn(args, context) ?? idempotencyKey('');
      const order = await placeOrder(deps, context, inputOf(orderBody, args.input), key);
      return withToken(deps, context, order);
    }),
  providePayment: (args: Keyed & OfOneOrder & { paymentMethod?: string | null }) =>
    refusing(async () => {
      await context.charge('checkout');
      const shopper = shopperOf(context, args);
      const id = allowedOrder(deps.access, shopper.principal, args.orderId);
      const { paymentMethod = '' } = inputOf(paymentBody, { paymentMethod: args.paymentMethod });
      const key = keyIn(args, context) ?? '';
      return withToken(deps, shopper, await payOrder(deps, shopper, id, { paymentMethod, key }));
    }),
  cancelOrder: (args: OfOneOrder) =>
    refusing(async () => {
      await context.charge('write');
      const shopper = shopperOf(context, args);
      const id = allowedOrder(deps.access, shopper.principal, args.orderId);
      return withToken(deps, shopper, await cancelOrder(deps, shopper, id));
    }),
  requestReturn: (args: Keyed & OfOneOrder & Input) =>
    refusing(async () => {
      await context.charge('write');
      const shopper = shopperOf(context, args);
      const id = allowedOrder(deps.access, shopper.principal, args.orderId);
      const requested = { body: inputOf(returnBody, args.input), key: keyIn(args, context) };
      return toReturnResponse(await requestReturn(deps, shopper, id, requested));
    }),
});

/** The root value of one request, for its principal. */
export const shopperRoot = (deps: ShopperDeps, context: RouteInput) => ({
  ...queries(deps, context),
  ...mutations(deps, context),
  ...cartQueries(deps, context),
  ...cartMutations(deps, context, (order) => withToken(deps, context, order)),
});
