// The row of an order, and the order that it is.
import type { Attention } from '../../../domain/attention.ts';
import { currencyOf, type Currency } from '../../../domain/money.ts';
import type { OrderEndReason } from '../../../domain/order.ts';
import type { orders } from '../schema/orders.ts';

export type OrderRow = typeof orders.$inferSelect;

/** A row with undefined where it has null. */
type Present<T> = { [K in keyof T]: null extends T[K] ? NonNullable<T[K]> | undefined : T[K] };

/** An order as it is stored, with what belongs together put together. */
export interface Order extends Omit<
  Present<OrderRow>,
  'currency' | 'attentions' | 'endCode' | 'endMessage'
> {
  currency: Currency;
  /** What waits for an operator, oldest first. */
  attentions: Attention[];
  /** The oldest of them. */
  attention: Attention | undefined;
  endReason: OrderEndReason | undefined;
}

const present = <T extends object>(row: T): Present<T> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]: [string, unknown]) => [name, value ?? undefined]),
  ) as Present<T>;

export const orderOf = (row: OrderRow): Order => {
  const { attentions: stored, endCode, endMessage, ...rest } = row;
  const attentions = stored.map((one) => ({ ...one, since: new Date(one.since) }));
  return {
    ...present(rest),
    currency: currencyOf(row.currency),
    attentions,
    attention: attentions[0],
    endReason: endCode ? { code: endCode, message: endMessage ?? '' } : undefined,
  };
};
