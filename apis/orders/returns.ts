// Accepts returns: records them in Postgres, then starts a workflow for each.
import { waitAtMost } from '../../concurrency/deadline.ts';
import { requestReturn, returnById, type Return } from '../../db/postgres/orders/returns.ts';
import type { ReturnRequest } from '../../db/postgres/orders/returns.ts';
import { DomainError } from '../../domain/errors.ts';
import type { OrdersDeps } from './place.ts';
import { startReturn } from '../../workflows/client/start.ts';

const START_LIMIT_MS = 2_000;

/**
 * Accepts a return, once a key. A sweep starts the workflow when it cannot be started now.
 * RETURN_REFUSED, INVALID_INPUT, IDEMPOTENCY_KEY_REUSED, NOT_FOUND.
 */
export const takeReturn = async (deps: OrdersDeps, input: ReturnRequest): Promise<Return> => {
  const taken = await requestReturn(deps.pg, input);
  const begun = startReturn(deps.temporal, taken, deps.carrierPollMs).catch((error: unknown) =>
    deps.telemetry.log.error('return not started yet', error, { orderId: taken.orderId }),
  );
  await waitAtMost(begun, START_LIMIT_MS);
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
