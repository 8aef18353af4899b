// What each activity of an order refuses for good: its workflow has to expect these codes.
import type { ErrorCode } from '../domain/errors.ts';
import type {
  disputeActivities,
  fulfillmentActivities,
  notificationActivities,
  orderActivities,
  paymentActivities,
  refundActivities,
  returnActivities,
  stockActivities,
} from './index.ts';

type OrderActivities = ReturnType<typeof orderActivities> &
  ReturnType<typeof stockActivities> &
  ReturnType<typeof paymentActivities> &
  ReturnType<typeof fulfillmentActivities> &
  ReturnType<typeof notificationActivities> &
  ReturnType<typeof refundActivities> &
  ReturnType<typeof returnActivities> &
  ReturnType<typeof disputeActivities>;

/** The carrier's: a request that it never accepts, or a parcel that is elsewhere by now. */
const BY_CARRIER = ['INVALID_INPUT', 'ILLEGAL_TRANSITION'] as const;

/**
 * Codes by activity. Temporary refusals are retried and not listed. A code that is thrown and not
 * listed is a fault: the tests' worker fails on it, and the exhaustion kit explores what is listed.
 */
export const REFUSALS = {
  moveOrder: ['ILLEGAL_TRANSITION'],
  raiseAttention: [],
  clearAttention: [],
  noteCancelRequested: [],
  noteCancelTooLate: [],
  changeAddress: ['ILLEGAL_TRANSITION'],
  reserveStock: ['OUT_OF_STOCK', 'RESERVATION_ENDED', 'RESERVATION_REUSED'],
  extendHold: ['RESERVATION_ENDED', 'NOT_FOUND'],
  claimStock: ['RESERVATION_ENDED', 'NOT_FOUND', 'OUT_OF_STOCK'],
  returnStock: ['RESERVATION_ENDED', 'NOT_FOUND'],
  releaseHeld: [],
  restockUnits: ['INVALID_INPUT', 'NOT_FOUND'],
  authorizePayment: [
    'CARD_DECLINED',
    'PAYMENT_REFUSED',
    'AMOUNT_NOT_CHARGEABLE',
    'RESERVATION_ENDED',
    'NOT_FOUND',
  ],
  capturePayment: ['CARD_DECLINED'],
  returnPayment: ['CARD_DECLINED', 'REFUND_EXCEEDS_CAPTURE'],
  bookShipment: [...BY_CARRIER, 'NOT_FOUND'],
  voidShipment: [...BY_CARRIER, 'NOT_FOUND'],
  interceptShipment: ['INVALID_INPUT'],
  openReturn: ['RETURN_REFUSED', 'IDEMPOTENCY_KEY_REUSED', 'INVALID_INPUT'],
  lookAtShipment: BY_CARRIER,
  notifyShopper: [],
  requestRefund: ['REFUND_EXCEEDS_CAPTURE', 'AMOUNT_NOT_CHARGEABLE', 'IDEMPOTENCY_KEY_REUSED'],
  settleRefund: [],
  lookAtRefund: [],
  approveReturn: BY_CARRIER,
  approveWithoutParcel: ['ILLEGAL_TRANSITION'],
  receiveReturn: ['ILLEGAL_TRANSITION'],
  lookAtReturn: [...BY_CARRIER, 'RETURN_REFUSED', 'NOT_FOUND'],
  inspectReturn: ['INVALID_INPUT', 'ILLEGAL_TRANSITION'],
  concludeReturn: [],
  recordDispute: [],
  prepareEvidence: [],
  submitEvidence: ['ILLEGAL_TRANSITION'],
  concedeDispute: ['ILLEGAL_TRANSITION'],
  lookAtDispute: [],
} as const satisfies Record<keyof OrderActivities, readonly ErrorCode[]>;

/** The listed refusals of an activity; undefined for one that is no order's. */
export const refusalsOf = (activity: string): readonly ErrorCode[] | undefined =>
  Object.hasOwn(REFUSALS, activity) ? REFUSALS[activity as keyof typeof REFUSALS] : undefined;
