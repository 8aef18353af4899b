// Returns: asked for in Postgres, then their own story.
import { requestReturn, returnById, type Return } from '../../db/postgres/orders/returns.ts';
import type { ReturnRequest } from '../../db/postgres/orders/returns.ts';
import { DomainError } from '../../domain/errors.ts';
import { RETURN_ORDER, returnOptions } from '../../workflows/return-order.contract.ts';
import type { OrdersDeps } from './place.ts';
import { startWorkflow, within } from '../rpc/stories.ts';

const START_LIMIT_MS = 2_000;

/** Starts a return's story; asked again it is the same one. */
export const beginReturn = (
  { temporal, carrierPollMs: pollMs }: Pick<OrdersDeps, 'temporal' | 'carrierPollMs'>,
  { id: returnId, orderId, storeId, lines: units, refundMinor }: Return,
): Promise<void> => {
  const input = { returnId, orderId, storeId, units, refundMinor, pollMs };
  return startWorkflow(temporal, RETURN_ORDER, returnOptions(input));
};

/**
 * Takes a return, once a key. A story that cannot be started now is started by the sweep.
 * RETURN_REFUSED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED, NOT_FOUND.
 */
export const takeReturn = async (deps: OrdersDeps, input: ReturnRequest): Promise<Return> => {
  const taken = await requestReturn(deps.pg, input);
  const begun = beginReturn(deps, taken).catch((error: unknown) =>
    deps.telemetry.log.error('return not started yet', error, { orderId: taken.orderId }),
  );
  await within(begun, START_LIMIT_MS);
  return returnById(deps.pg, input.storeId, taken.id);
};

/** NOT_FOUND, also for another order's return. */
export const returnOf = async (
  { pg }: OrdersDeps,
  storeId: string,
  orderId: string,
  returnId: string,
): Promise<Return> => {
  const found = await returnById(pg, storeId, returnId);
  if (found.orderId === orderId) return found;
  throw new DomainError('NOT_FOUND', 'no such return');
};
