// Holds and claims an order's stock, and undoes both.
import { createHash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { DomainError } from '../domain/errors.ts';
import { reservationIdOf } from '../domain/ids.ts';
import { DEFAULT_LOCATION, type Demand } from '../domain/stock.ts';
import {
  ReservationState,
  type InventoryService,
} from '../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { attemptNow } from './attempts.ts';
import { STORE_HEADER } from '../domain/headers.ts';

export type StockClient = Client<typeof InventoryService>;

export interface StockInput {
  orderId: string;
  storeId: string;
}

export const headersOf = ({ storeId }: StockInput) => ({ headers: { [STORE_HEADER]: storeId } });

/** Hold, extend, claim. */
const holding = (inventory: StockClient) => ({
  /** Holds every line or none. OUT_OF_STOCK. */
  async reserveStock(input: StockInput & { demand: Demand[]; holdMs: number }): Promise<void> {
    await inventory.reserve(
      {
        reservationId: reservationIdOf(input.orderId),
        lines: input.demand,
        expiresIn: durationFromMs(input.holdMs),
        attempt: attemptNow(),
      },
      headersOf(input),
    );
  },
  /** Turns the hold into sold units. RESERVATION_ENDED when it has expired. */
  async claimStock(input: StockInput): Promise<void> {
    await inventory.claimReservation(
      { reservationId: reservationIdOf(input.orderId) },
      headersOf(input),
    );
  },
  /** Extends a hold to `holdMs` from now. RESERVATION_ENDED when it is over already. */
  async extendHold(input: StockInput & { holdMs: number }): Promise<void> {
    await inventory.extendReservation(
      { reservationId: reservationIdOf(input.orderId), expiresIn: durationFromMs(input.holdMs) },
      headersOf(input),
    );
  },
});

/** A sku as it may stand in an id of Inventory's: as it is, or its hash where it is not ASCII. */
const asciiOf = (sku: string): string =>
  /^[\x21-\x7e]+$/.test(sku) ? sku : createHash('sha256').update(sku).digest('hex').slice(0, 32);

/** Undo: succeeds when nothing is held or claimed. */
const givingBack = (inventory: StockClient) => ({
  /** Undo of both: releases a hold or reverses a claim; succeeds when there is neither. */
  async returnStock(input: StockInput): Promise<void> {
    const request = { reservationId: reservationIdOf(input.orderId) };
    try {
      await inventory.releaseReservation(request, headersOf(input));
    } catch (error) {
      const claimed = error instanceof DomainError && error.code === 'RESERVATION_ENDED';
      if (!claimed) throw error;
      await inventory.reverseClaim(request, headersOf(input));
    }
  },
  /** Releases a hold; returns whether there was one. A claim is not touched. */
  async releaseHeld(input: StockInput): Promise<boolean> {
    const request = { reservationId: reservationIdOf(input.orderId) };
    const found = await inventory
      .getReservation(request, headersOf(input))
      .catch((error: unknown) => {
        if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
        throw error;
      });
    if (found?.reservation?.state !== ReservationState.HELD) return false;
    await inventory.releaseReservation(request, headersOf(input));
    return true;
  },
  /** Puts returned units on hand again, once a receipt id; without a location at the default. */
  async restockUnits(
    input: StockInput & { receiptId: string; units: (Demand & { location?: string })[] },
  ): Promise<void> {
    for (const { sku, quantity, location } of input.units) {
      const where = location && location !== DEFAULT_LOCATION ? `/${location}` : '';
      const receiptId = `${input.receiptId}/${asciiOf(sku)}${where}`;
      const receipt = { receiptId, sku, quantity, ...(location && { location }) };
      await inventory.receiveStock(receipt, headersOf(input));
    }
  },
});

export const stockActivities = (inventory: StockClient) => ({
  ...holding(inventory),
  ...givingBack(inventory),
});
