// Reads what a store asks of its orders, and refuses what would read too many of them.
import { timestampDate } from '@bufbuild/protobuf/wkt';
import type { StoreOrdersPage } from '../../db/postgres/orders/store-orders.ts';
import { invalid } from '../../domain/errors.ts';
import { PaymentStatus, OrderStatus } from '../../proto/gen/holdfast/orders/v1/order_pb.ts';
import type { ListStoreOrdersRequest } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { enumText } from '../../proto/fill.ts';

/** How far several filters at once look back. */
const COMBINED_DAYS_MAX = 90;
const DAY_MS = 24 * 3_600_000;

/**
 * Each filter has an index in the list's order; of several, one is read and the others are judged
 * row by row, so that dates have to bound them. INVALID_INPUT.
 */
const assertBounded = ({ filter }: StoreOrdersPage, nowMs: number): void => {
  const { createdAfter, createdBefore: _, ...others } = filter;
  const set = Object.values(others).filter((value) => value !== undefined && value !== false);
  const isRecent =
    createdAfter !== undefined && nowMs - createdAfter.getTime() <= COMBINED_DAYS_MAX * DAY_MS;
  if (set.length <= 1 || isRecent) return;
  const message = `is needed for several filters, at most ${COMBINED_DAYS_MAX} days ago`;
  throw invalid('createdAfter', message);
};

/** INVALID_INPUT. */
export const storeOrdersPageOf = (
  storeId: string,
  request: ListStoreOrdersRequest,
  nowMs: number,
): StoreOrdersPage => {
  const { status, paymentStatus, createdAfter, createdBefore } = request;
  const page: StoreOrdersPage = {
    storeId,
    before: request.before,
    limit: request.limit,
    filter: {
      status: status === OrderStatus.UNSPECIFIED ? undefined : enumText(OrderStatus, status),
      paymentStatus:
        paymentStatus === PaymentStatus.UNSPECIFIED
          ? undefined
          : enumText(PaymentStatus, paymentStatus),
      needsAttention: request.needsAttention,
      email: request.email || undefined,
      sku: request.sku || undefined,
      text: request.text || undefined,
      createdAfter: createdAfter && timestampDate(createdAfter),
      createdBefore: createdBefore && timestampDate(createdBefore),
    },
  };
  assertBounded(page, nowMs);
  return page;
};
