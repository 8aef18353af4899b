// Books parcels at the carrier once per key, reads their status and cancels them.
import { z } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { Address } from '../../domain/order.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

const TIMEOUT_MS = 10_000;

/** Statuses whose repetition would get the same response. */
const REFUSALS = [400, 404, 422];

const shipment = z.object({
  id: z.string(),
  status: z.enum(['booked', 'shipped', 'delivered', 'lost', 'returned', 'canceled']),
  trackingNumber: z.string(),
});
export type Shipment = z.output<typeof shipment>;
const voided = z.object({ booked: shipment.nullable() });

export interface Carrier {
  book(reference: string, to: Address, key: string): Promise<Shipment>;
  shipmentById(id: string): Promise<Shipment>;
  /**
   * Voids what was or will be booked under a key: nothing is booked under it afterwards. Undefined
   * when nothing was booked. Repeatable; a parcel that has left stays as it is.
   */
  voidKey(reference: string, key: string): Promise<Shipment | undefined>;
  /** Calls a parcel back that is on its way. ILLEGAL_TRANSITION when it is not any more. */
  intercept(id: string): Promise<Shipment>;
}

export const httpCarrier = (url: string, telemetry: Telemetry): Carrier => {
  const call = <T>(name: string, path: string, init: RequestInit, shape: z.ZodType<T>) =>
    telemetry.timed('carrier', name, async (): Promise<T> => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${url}${path}`, { ...init, signal });
      if (REFUSALS.includes(response.status)) {
        throw new DomainError('INVALID_INPUT', `the carrier refused it (${response.status})`);
      }
      if (response.status === 409) {
        throw new DomainError('ILLEGAL_TRANSITION', 'the parcel is not on its way');
      }
      if (!response.ok) {
        throw new DomainError('UNAVAILABLE', `the carrier answered ${response.status}`);
      }
      return shape.parse(await response.json());
    });
  const keyed = (key: string, body: object): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDEMPOTENCY_KEY_HEADER]: key },
    body: JSON.stringify(body),
  });
  return {
    book: (reference, to, key) =>
      call('book', '/shipments', keyed(key, { reference, to }), shipment),
    voidKey: async (reference, key) => {
      const { booked } = await call('void', '/shipments/void', keyed(key, { reference }), voided);
      return booked ?? undefined;
    },
    intercept: (id) =>
      call('intercept', `/shipments/${id}/intercept`, { method: 'POST' }, shipment),
    shipmentById: (id) => call('shipmentById', `/shipments/${id}`, {}, shipment),
  };
};
