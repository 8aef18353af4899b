// Limits a call to the orders of its principals, which the gateway names.
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

/** A call without principals reaches every order: the gateway has checked the order's token. */
export const owning = (context: HandlerContext): AssertOwned => {
  const owners = ownersOf(context);
  return (principal) => {
    if (owners && !owners.includes(principal)) throw noOrder();
  };
};

/** The order of a call, read before any change. NOT_FOUND, INVALID_INPUT. */
export const ownOrder = async (pg: Pg, orderId: string, context: HandlerContext) => {
  const { storeId } = callerOf(context);
  const id = orderIdOf(orderId);
  if (ownersOf(context)) owning(context)((await orderById(pg, storeId, id)).principal);
  return { storeId, id };
};
