// Exports every workflow by its name; a published name never changes.
export { fulfillOrder } from './fulfill-order.ts';
export { importCatalogue } from './import-catalogue.ts';
export { refundOrder } from './refund-order.ts';
export { returnOrder } from './return-order.ts';
export { settleDispute } from './settle-dispute.ts';
export {
  checkReadModel,
  expireHolds,
  pullDisputes,
  reconcilePayments,
  repairOrders,
  sweepOrders,
} from './recovery.ts';
