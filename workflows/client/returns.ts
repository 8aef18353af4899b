// Sends a person's decision about a return to its workflow.
import type { Pg } from '../../db/postgres/client.ts';
import { orderById } from '../../db/postgres/orders/orders.ts';
import { returnById, UNINSPECTED, type Return } from '../../db/postgres/orders/returns.ts';
import { DomainError } from '../../domain/errors.ts';
import { demandOf } from '../../domain/order.ts';
import { inspectedOf, type Inspection } from '../../domain/returns.ts';
import { inspectReturn, returnOrderId } from '../return-order.contract.ts';
import { UNTIL_ACCEPTED, updateOrder } from './orders.ts';
import type { TemporalConnection } from './connection.ts';

/** This very decision is recorded already: its answer was lost. */
const isDecidedSo = ({ state, lines, accepted }: Return, inspection: Inspection): boolean => {
  const wanted = demandOf(inspection.accepted ?? lines);
  if (wanted.length === 0) return state === 'rejected';
  return accepted !== null && Bun.deepEquals(demandOf(accepted), wanted);
};

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
  if (isDecidedSo(present, inspection)) return;
  if (!UNINSPECTED.includes(present.state)) {
    throw new DomainError('ILLEGAL_TRANSITION', `a return that is ${present.state} is not decided`);
  }
  // A parcel that may still come would be here with its money kept.
  const isRefused = inspection.accepted?.length === 0;
  if (isRefused && present.shipmentId !== null && present.state !== 'received') {
    const message = 'its label may be used: a return is refused once its parcel is here';
    throw new DomainError('ILLEGAL_TRANSITION', message);
  }
  inspectedOf(await orderById(deps.pg, storeId, orderId), present, inspection);
  const start = { ...UNTIL_ACCEPTED, args: [inspection] as [Inspection], updateId };
  await updateOrder(
    deps,
    orderId,
    (workflow) => workflow.startUpdate(inspectReturn, start),
    returnOrderId(id),
  );
};
