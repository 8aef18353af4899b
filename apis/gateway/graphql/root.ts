// The shopper's own fields: the same functions and shapes as over HTTP, with names for arguments.
import { invalid, DomainError } from '../../../domain/errors.ts';
import type { Order } from '../../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { LIMIT_MAX, type Cursors } from '../../http/cursors.ts';
import { refusing } from '../../http/graphql/engine.ts';
import type { Principal } from '../../http/principals.ts';
import type { Ask } from '../../http/routes.ts';
import { meOf } from '../accounts/sessions.ts';
import type { AccountDoor } from '../accounts/sign-in.ts';
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
  orderBody,
  paymentBody,
  returnBody,
  shownEvent,
  shownOrder,
  shownReturn,
} from '../shapes.ts';
import { accountOf, inputOf, keyIn, type Keyed } from './arguments.ts';
import { cartMutations, cartQueries } from './carts.ts';
import { OWN } from './schema.ts';

/** GraphQL's own word for the size of a page that nobody chose; it is in the schema, too. */
const PAGE_DEFAULT = 20;

export interface ShopperParts extends AccountDoor {
  cursors: Cursors;
}

interface OfOrder {
  accessToken?: string | null;
}
/** Whoever shows an order's token is its guest, signed in or not. */
const shopperOf = (ask: Ask, { accessToken }: OfOrder): Shopper => {
  const { principal, address } = ask;
  if (!accessToken) return { principal, address };
  const guest: Principal = {
    kind: 'guest',
    storeId: principal.storeId,
    orderToken: accessToken,
  };
  return { principal: guest, address };
};

const orderNode = (parts: ShopperParts, shopper: Shopper, order: Order, token?: string) => ({
  ...shownOrder(order, token),
  timeline: () =>
    refusing(async () => (await listEvents(parts, shopper, order.id)).map(shownEvent)),
});

/** The node of an order that was just placed, which its guest has no token of yet. */
const withToken = (parts: ShopperParts, { principal, address }: Shopper, order: Order) => {
  const orderToken = parts.access.tokenOf(order.id);
  const guest = { kind: 'guest', storeId: principal.storeId, orderToken } as const;
  const shopper =
    principal.kind === 'account' ? { principal, address } : { principal: guest, address };
  return orderNode(parts, shopper, order, orderToken);
};

const queries = (parts: ShopperParts, ask: Ask) => ({
  me: () => refusing(async () => (ask.principal.kind === 'account' ? meOf(parts, ask) : null)),
  order: (args: OfOrder & { id: string }) =>
    refusing(async () => {
      const shopper = shopperOf(ask, args);
      if (shopper.principal.kind === 'anyone') {
        throw new DomainError('UNAUTHENTICATED', "send the order's access token, or sign in");
      }
      const id = allowedOrder(parts.access, shopper.principal, args.id);
      const order = await findOrder(parts, shopper, id);
      return orderNode(parts, shopper, order, parts.access.tokenOf(id));
    }),
  orders: ({ first, after }: { first: number | null; after?: string | null }) =>
    refusing(async () => {
      const account = accountOf(ask);
      const limit = first ?? PAGE_DEFAULT;
      if (limit < 1 || limit > LIMIT_MAX) throw invalid('first', `must be 1 to ${LIMIT_MAX}`);
      const list = ownOrdersList(account);
      const before = after ? parts.cursors.open(list, after) : '';
      const found = await listOwnOrders(parts, account, { before, limit });
      const edges = found.slice(0, limit).map((order) => ({
        cursor: parts.cursors.seal(list, order.id),
        node: orderNode(parts, ask, order),
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

/** What a mutation costs is taken where it runs, so that many in one question are many. */
const mutations = (parts: ShopperParts, ask: Ask) => ({
  placeOrder: (args: Keyed & Input) =>
    refusing(async () => {
      await ask.charge('checkout');
      const key = keyIn(args, ask) ?? idempotencyKey('');
      const order = await placeOrder(parts, ask, inputOf(orderBody, args.input), key);
      return withToken(parts, ask, order);
    }),
  providePayment: (args: Keyed & OfOneOrder & { paymentMethod?: string | null }) =>
    refusing(async () => {
      await ask.charge('checkout');
      const shopper = shopperOf(ask, args);
      const id = allowedOrder(parts.access, shopper.principal, args.orderId);
      const { paymentMethod = '' } = inputOf(paymentBody, { paymentMethod: args.paymentMethod });
      const key = keyIn(args, ask) ?? '';
      return withToken(parts, shopper, await payOrder(parts, shopper, id, { paymentMethod, key }));
    }),
  cancelOrder: (args: OfOneOrder) =>
    refusing(async () => {
      await ask.charge('write');
      const shopper = shopperOf(ask, args);
      const id = allowedOrder(parts.access, shopper.principal, args.orderId);
      return withToken(parts, shopper, await cancelOrder(parts, shopper, id));
    }),
  requestReturn: (args: Keyed & OfOneOrder & Input) =>
    refusing(async () => {
      await ask.charge('write');
      const shopper = shopperOf(ask, args);
      const id = allowedOrder(parts.access, shopper.principal, args.orderId);
      const asked = { body: inputOf(returnBody, args.input), key: keyIn(args, ask) };
      return shownReturn(await requestReturn(parts, shopper, id, asked));
    }),
});

/** The root of one request, for whoever asks. */
export const shopperRoot = (parts: ShopperParts, ask: Ask) => ({
  ...queries(parts, ask),
  ...mutations(parts, ask),
  ...cartQueries(parts, ask),
  ...cartMutations(parts, ask, (order) => withToken(parts, ask, order)),
});
