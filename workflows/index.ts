// Every workflow by its name; a name once used is for ever.
export { fulfillOrder } from './fulfill-order.ts';
export { importCatalogue } from './import-catalogue.ts';
export { refundOrder } from './refund-order.ts';
export { returnOrder } from './return-order.ts';
export { settleDispute } from './settle-dispute.ts';
export {
  checkReadModel,
  expireHolds,
  reconcilePayments,
  repairOrders,
  repairOrders as mendOrders,
  sweepOrders,
} from './recovery.ts';
