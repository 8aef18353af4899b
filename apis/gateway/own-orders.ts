// The list of an account's orders, and of those it bought as a guest with its address.
import type { Order } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import { pageQuery, type Cursors } from '../http/cursors.ts';
import type { Account } from '../http/principals.ts';
import { listReply } from '../http/lists.ts';
import { route, type Route } from '../http/routes.ts';
import { accountOf } from './accounts/sign-in.ts';
import type { OrderDeps } from './order-calls.ts';
import { callHeaders, ownersOf } from './owners.ts';
import { idOf, toOrderResponse } from './shapes.ts';
import { ordersResponse } from './responses.ts';

export interface OwnOrdersDeps extends Pick<OrderDeps, 'orders'> {
  cursors: Cursors;
}

/** Ids sort by when they were made, so several owners' lists merge by them. */
const newestFirst = (lists: Order[][]): Order[] =>
  lists.flat().toSorted((one, other) => (idOf(one) < idOf(other) ? 1 : -1));

/** A page and one order more, which shows that there is a next page; Orders gives 100 at a time. */
const onePastPage = async (
  limit: number,
  listed: (page: { limit: number; before?: string }) => Promise<Order[]>,
): Promise<Order[]> => {
  const page = await listed({ limit });
  const last = page.at(-1);
  if (!last || page.length < limit) return page;
  return [...page, ...(await listed({ limit: 1, before: idOf(last) }))];
};

/** A page of an account's orders, and one more when there is a next page. */
export const listOwnOrders = async (
  { orders }: Pick<OwnOrdersDeps, 'orders'>,
  account: Account,
  { before, limit }: { before: string; limit: number },
): Promise<Order[]> => {
  const lists = ownersOf(account).map((principal) =>
    onePastPage(limit, async (page) => {
      const requested = { principal, before, ...page };
      return (await orders.listOrders(requested, callHeaders(account))).orders;
    }),
  );
  return newestFirst(await Promise.all(lists)).slice(0, limit + 1);
};

/** Names the list in its cursors, so that a cursor is valid for its owner alone. */
export const ownOrdersList = ({ accountId }: Account): string => `orders/${accountId}`;

export const ownOrdersRoute = (deps: OwnOrdersDeps): Route =>
  route({
    method: 'get',
    path: '/orders',
    summary: "One's own orders, newest first; guests' orders with the confirmed address too.",
    needs: 'own-account',
    query: pageQuery,
    response: ordersResponse,
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async (input) => {
      const account = accountOf(input);
      const { limit, cursor } = input.query;
      const list = ownOrdersList(account);
      const { cursors } = deps;
      const before = cursor ? cursors.open(list, cursor) : '';
      const items = await listOwnOrders(deps, account, { before, limit });
      const positionOf = idOf;
      const toResponse = (order: Order) => toOrderResponse(order);
      return listReply({
        cursors,
        list,
        request: input.request,
        limit,
        items,
        toResponse,
        positionOf,
      });
    },
  });
