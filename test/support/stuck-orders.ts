// Orders that need an operator, as Order Recovery shows them.
import { eventually, newName, placeOrder, stockedWare, type OrderOptions } from './journeys.ts';
import { asOperator, control, reached } from './judges.ts';
import type { Shop } from './shop.ts';

export interface StuckOrder {
  id: string;
  status: string;
  reason?: string;
  attentions: { id: string; step: string; reason: string; actions: string[]; detail?: string }[];
  nextAction: string;
  workflow: { state: string };
  timeline: { type: string }[];
  attempts: { verb: string }[];
  provider: { stage: string } | null;
  actions: { action: string; outcome: string }[];
  refunds: { state: string }[];
  returns: { state: string; refundMinor: number }[];
}

export const look = async (shop: Shop, id: string): Promise<StuckOrder> =>
  (await asOperator<StuckOrder>(shop, 'GET', `orders/${id}`)).body;

/** Waits until the order has an attention for each of these reasons, and no other. */
export const needs = (shop: Shop, id: string, ...reasons: string[]): Promise<StuckOrder> =>
  eventually(`${id} has the attentions ${reasons.join(', ')}`, async () => {
    const seen = await look(shop, id);
    const present = seen.attentions.map(({ reason }) => reason).sort();
    return Bun.deepEquals(present, reasons.toSorted()) ? seen : undefined;
  });

/** A step of an order's: its attention's id, for an operator's action. */
export const waitingStep = ({ attentions }: StuckOrder, reason: string) => {
  const found = attentions.find((one) => one.reason === reason);
  if (!found) throw new Error(`no step waits with ${reason}`);
  return found;
};

/** One piece of five is bought, at 20.00. */
export const bought = async (shop: Shop, more: Partial<OrderOptions> = {}) => {
  const ware = await stockedWare(shop, 5, 20);
  const { body } = await placeOrder(shop, { sku: ware.sku, ...more });
  return { ware, id: body.id, accessToken: body.accessToken };
};

/** As `bought`, and all of it has arrived. */
export const delivered = async (shop: Shop, more: Partial<OrderOptions> = {}) => {
  const { ware, ...it } = await bought(shop, more);
  await reached(shop, it.id, 'delivered');
  return { sku: ware.sku, ...it };
};

/** A fault of the carrier's sandbox, for requests that contain a text. */
export const carrierFault = (
  shop: Shop,
  path: string,
  action: string,
  { containing, times = 1 }: { containing: string; times?: number },
) => {
  const fault = { method: 'POST', path, action, times, containing };
  return control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', fault);
};

/** The provider refuses the next request for a refund of an order. */
export const refuseRefundOnce = (shop: Shop, orderId: string) => {
  const fault = { method: 'POST', path: '/v1/refunds', action: 'status:402', times: 1 };
  return control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', { ...fault, containing: orderId });
};

/** An order whose parcel the carrier refuses for good. */
export const refusedByCarrier = async (shop: Shop) => {
  const name = newName();
  await carrierFault(shop, '/shipments', 'status:422', { containing: name });
  const order = await bought(shop, { name });
  return { ...order, seen: await needs(shop, order.id, 'SHIPMENT_STEP_FAILED') };
};
