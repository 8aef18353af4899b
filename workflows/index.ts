// Every workflow by its name; a name once used is for ever.
export { fulfillOrder } from './fulfill-order.ts';
export { sweepOrders } from './sweep-orders.ts';
