// Converts between Inventory's messages and domain values; the contract validates requests.
import { create } from '@bufbuild/protobuf';
import { durationMs, timestampFromDate, type Duration } from '@bufbuild/protobuf/wkt';
import { invalid } from '../../domain/errors.ts';
import {
  DEFAULT_LOCATION,
  type Movement,
  type MovementKind,
  type Reservation,
  type ReservationState,
  type StockLevel,
} from '../../domain/stock.ts';
import type { HeldBy } from '../../db/postgres/ledger/holds.ts';
import type { Balance } from '../../db/postgres/ledger/balances.ts';
import {
  MovementKind as WireKind,
  HoldSchema,
  MovementSchema,
  ReservationSchema,
  ReservationState as WireState,
  StockSchema,
} from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';

const WIRE_STATES = {
  held: WireState.HELD,
  claimed: WireState.CLAIMED,
  released: WireState.RELEASED,
  expired: WireState.EXPIRED,
} satisfies Record<ReservationState, WireState>;

const WIRE_KINDS = {
  received: WireKind.RECEIVED,
  adjusted: WireKind.ADJUSTED,
  claimed: WireKind.CLAIMED,
  reversed: WireKind.REVERSED,
} satisfies Record<MovementKind, WireKind>;

const timestampOf = (iso: string) => timestampFromDate(new Date(iso));

/** The contract requires it and bounds it. */
export const holdMsOf = (expiresIn: Duration | undefined): number => {
  if (!expiresIn) throw invalid('expiresIn', 'is missing');
  return durationMs(expiresIn);
};

export const locationOf = (location: string): string => location || DEFAULT_LOCATION;

export const wireReservation = (reservation: Reservation) => {
  const { id, state, lines, takings, missing, attention, expiresAt } = reservation;
  return create(ReservationSchema, {
    reservationId: id,
    state: WIRE_STATES[state],
    lines,
    allocations: takings,
    missing,
    expiresAt: timestampOf(expiresAt),
    ...(attention && {
      attention: { reason: attention.reason, since: timestampOf(attention.since) },
    }),
  });
};

export const wireStock = ({ version, ...level }: StockLevel, balances: Balance[] = []) =>
  create(StockSchema, {
    ...level,
    version: BigInt(version),
    locations: balances
      .filter(({ sku }) => sku === level.sku)
      .map(({ location, onHand, reserved, available }) => ({
        location,
        onHand,
        reserved,
        available,
      })),
  });

export const wireMovement = ({ kind, createdAt, ...movement }: Movement) =>
  create(MovementSchema, {
    sku: movement.sku,
    location: movement.location,
    kind: WIRE_KINDS[kind],
    quantity: movement.quantity,
    reference: movement.reference,
    reason: movement.reason,
    createdAt: timestampOf(createdAt),
  });

export const wireHold = ({ createdAt, expiresAt, ...hold }: HeldBy) =>
  create(HoldSchema, {
    ...hold,
    createdAt: timestampFromDate(createdAt),
    expiresAt: timestampFromDate(expiresAt),
  });
