// Heeds a bank's early warning of fraud: by rule the order is refunded, or a person decides.
import type { Pg } from '../../db/postgres/client.ts';
import type { Order } from '../../db/postgres/orders/orders.ts';
import { raiseAttention } from '../../db/postgres/orders/steps.ts';
import { FRAUD_WARNING_STEP, type FraudRule } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { isCancellable } from '../../domain/order.ts';
import { REFUND_ORDER, refundOptions } from '../refund-order.contract.ts';
import type { TemporalConnection } from './connection.ts';
import { requestCancel } from './orders.ts';
import { startWorkflow } from './start.ts';

export interface FraudWarningDeps {
  pg: Pg;
  temporal: TemporalConnection;
  fraudWarnings: FraudRule;
}

/** False when packing has begun meanwhile. */
const cancelled = async (deps: FraudWarningDeps, { id, status }: Order): Promise<boolean> => {
  if (!isCancellable(status)) return false;
  try {
    await requestCancel(deps, id);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code === 'ILLEGAL_TRANSITION') return false;
    throw error;
  }
};

/** A repeated one changes nothing: https://docs.stripe.com/api/radar/early_fraud_warnings */
export const heedFraudWarning = async (
  deps: FraudWarningDeps,
  order: Order,
  warningId: string,
): Promise<void> => {
  const { id: orderId, storeId, status } = order;
  if (deps.fraudWarnings === 'attention') {
    await raiseAttention(deps.pg, storeId, orderId, {
      step: FRAUD_WARNING_STEP,
      reason: 'FRAUD_WARNING',
      actions: isCancellable(status) ? ['cancel', 'refund', 'dismiss'] : ['refund', 'dismiss'],
      detail: `the bank's warning is ${warningId}`,
    });
    return;
  }
  if (await cancelled(deps, order)) return;
  const grant = { id: warningId, reason: 'the bank has warned of fraud' };
  await startWorkflow(
    deps.temporal,
    REFUND_ORDER,
    refundOptions(warningId, { orderId, storeId, grant }),
  );
};
