// Turns the carrier's events into a signal: the workflow looks at its parcels again.
import { WorkflowNotFoundError } from '@temporalio/client';
import type { ProviderEvent } from '../../db/postgres/orders/webhooks.ts';
import { isId } from '../../domain/ids.ts';
import { lookAgain } from '../fulfill-order.contract.ts';
import { workflowIdOf } from './ids.ts';
import type { TemporalConnection } from './connection.ts';

/** The shipment's reference is the order, or the return that the parcel belongs to. */
const followedBy = (reference: string): string =>
  workflowIdOf(isId('return', reference) ? 'return' : 'order', reference);

/** A workflow that is over or missing needs no event: that is no failure. */
export const signalLook = async (
  temporal: TemporalConnection,
  { reference = '' }: ProviderEvent,
): Promise<void> => {
  const client = await temporal.client();
  const workflow = client.workflow.getHandle(followedBy(reference));
  await workflow.signal(lookAgain).catch((error: unknown) => {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  });
};
