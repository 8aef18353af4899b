// Sends a person's decision about a return to its workflow.
import type { Pg } from '../../db/postgres/client.ts';
import { orderById } from '../../db/postgres/orders/orders.ts';
import { returnById, type Return } from '../../db/postgres/orders/returns.ts';
import { DomainError } from '../../domain/errors.ts';
import { inspectedOf, RETURN_MOVES, type Inspection } from '../../domain/returns.ts';
import { inspectReturn, returnOrderId } from '../return-order.contract.ts';
import { UNTIL_ACCEPTED, updateOrder } from './orders.ts';
import type { TemporalConnection } from './connection.ts';

/**
 * Decides about a return that is approved and not inspected yet, once an id: what is accepted of
 * it is refunded. ILLEGAL_TRANSITION, INVALID_INPUT, UNAVAILABLE.
 */
export const decideReturn = async (
  deps: { pg: Pg; temporal: TemporalConnection },
  { id, storeId, orderId }: Return,
  inspection: Inspection,
  updateId: string,
): Promise<void> => {
  const present = await returnById(deps.pg, storeId, id);
  if (!RETURN_MOVES[present.state].includes('rejected') || present.state === 'requested') {
    throw new DomainError('ILLEGAL_TRANSITION', `a return that is ${present.state} is not decided`);
  }
  const { lines } = await orderById(deps.pg, storeId, orderId);
  inspectedOf(lines, present, inspection);
  const start = { ...UNTIL_ACCEPTED, args: [inspection] as [Inspection], updateId };
  await updateOrder(
    deps,
    orderId,
    (workflow) => workflow.startUpdate(inspectReturn, start),
    returnOrderId(id),
  );
};
