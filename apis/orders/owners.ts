// Whose orders a call may reach: the gateway names its shopper's principals, Orders holds to them.
import type { HandlerContext } from '@connectrpc/connect';
import type { Pg } from '../../db/postgres/client.ts';
import { noOrder, orderById } from '../../db/postgres/orders/orders.ts';
import { OWNERS_HEADER } from '../../domain/headers.ts';
import { callerOf } from '../rpc/server.ts';
import { orderIdOf } from './shapes.ts';

/** NOT_FOUND unless an order of this principal may be reached. */
export type AssertOwned = (principal: string) => void;

const ownersOf = ({ requestHeader }: HandlerContext): string[] | undefined =>
  requestHeader.get(OWNERS_HEADER)?.split(',');

/** A call that names nobody acts for the house: a token of the order has been shown elsewhere. */
export const owning = (context: HandlerContext): AssertOwned => {
  const owners = ownersOf(context);
  return (principal) => {
    if (owners && !owners.includes(principal)) throw noOrder();
  };
};

/** The order that a call is about, before anything is done to it. NOT_FOUND, INVALID_INPUT. */
export const ownOrder = async (pg: Pg, orderId: string, context: HandlerContext) => {
  const { storeId } = callerOf(context);
  const id = orderIdOf(orderId);
  if (ownersOf(context)) owning(context)((await orderById(pg, storeId, id)).principal);
  return { storeId, id };
};
