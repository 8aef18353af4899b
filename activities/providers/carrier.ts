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

export interface Carrier {
  book(reference: string, to: Address, key: string): Promise<Shipment>;
  shipmentById(id: string): Promise<Shipment>;
  /** Repeatable; ILLEGAL_TRANSITION once the parcel has left. */
  cancel(id: string): Promise<Shipment>;
}

export const httpCarrier = (url: string, telemetry: Telemetry): Carrier => {
  const call = (name: string, path: string, init: RequestInit): Promise<Shipment> =>
    telemetry.timed('carrier', name, async () => {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await fetch(`${url}${path}`, { ...init, signal });
      if (REFUSALS.includes(response.status)) {
        throw new DomainError('INVALID_INPUT', `the carrier refused it (${response.status})`);
      }
      if (response.status === 409) {
        throw new DomainError('ILLEGAL_TRANSITION', 'the parcel has left already');
      }
      if (!response.ok) {
        throw new DomainError('UNAVAILABLE', `the carrier answered ${response.status}`);
      }
      return shipment.parse(await response.json());
    });
  return {
    book: (reference, to, key) =>
      call('book', '/shipments', {
        method: 'POST',
        headers: { 'content-type': 'application/json', [IDEMPOTENCY_KEY_HEADER]: key },
        body: JSON.stringify({ reference, to }),
      }),
    cancel: (id) => call('cancel', `/shipments/${id}/cancel`, { method: 'POST' }),
    shipmentById: (id) => call('shipmentById', `/shipments/${id}`, {}),
  };
};
