// Builds every queue's activities, by the names that workflows call.
export { disputeActivities } from './disputes.ts';
export { fulfillmentActivities } from './fulfillment.ts';
export { importActivities } from './imports.ts';
export { notificationActivities } from './notifications.ts';
export { orderActivities } from './orders.ts';
export { paymentActivities } from './payments.ts';
export { refundActivities } from './refunds.ts';
export { recoveryActivities } from './recovery/recovery.ts';
export { returnActivities } from './returns.ts';
export { stockActivities } from './stock.ts';
