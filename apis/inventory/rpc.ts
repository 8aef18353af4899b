// The Inventory service: checks each request's shape, asks cache and ledger, answers.
import { create } from '@bufbuild/protobuf';
import { durationMs, timestampFromDate, type Duration } from '@bufbuild/protobuf/wkt';
import type { ConnectRouter, ServiceImpl } from '@connectrpc/connect';
import {
  claimReservation,
  releaseReservation,
  reverseClaim,
} from '../../db/postgres/reservation-endings.ts';
import {
  extendReservation,
  reservationById,
  type LedgerAnswer,
} from '../../db/postgres/reservations.ts';
import { adjustStock, listLevels, receiveStock } from '../../db/postgres/stock.ts';
import { invalid } from '../../domain/errors.ts';
import { demandOf, LINES_MAX } from '../../domain/order.ts';
import { SKU_PATTERN } from '../../domain/product.ts';
import {
  HOLD_MS_MAX,
  HOLD_MS_MIN,
  STOCK_QUANTITY_MAX,
  STOCK_SKUS_MAX,
  type Demand,
  type Reservation,
  type ReservationState,
  type StockLevel,
} from '../../domain/stock.ts';
import {
  InventoryService,
  ReservationSchema,
  ReservationState as WireState,
  StockSchema,
} from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { callerOf } from '../rpc/server.ts';
import { reserve, settle, type InventoryParts } from './reserve.ts';

const CALLER_ID = /^[\x21-\x7e]{1,128}$/;

const idOf = (path: string, id: string): string => {
  if (!CALLER_ID.test(id)) throw invalid(path, 'must be 1 to 128 printable characters');
  return id;
};

const skuOf = (path: string, sku: string): string => {
  if (!SKU_PATTERN.test(sku)) throw invalid(path, 'is not a sku');
  return sku;
};

const quantityOf = (path: string, quantity: number, min: number): number => {
  if (quantity < min || quantity > STOCK_QUANTITY_MAX) throw invalid(path, 'is out of range');
  return quantity;
};

const holdMsOf = (expiresIn: Duration | undefined): number => {
  const expiresInMs = expiresIn ? durationMs(expiresIn) : 0;
  if (expiresInMs >= HOLD_MS_MIN && expiresInMs <= HOLD_MS_MAX) return expiresInMs;
  throw invalid('expiresIn', 'must be 10 s to 24 h');
};

const linesOf = (lines: { sku: string; quantity: number }[]): Demand[] => {
  if (lines.length === 0) throw invalid('lines', 'are missing');
  if (lines.length > LINES_MAX) throw invalid('lines', `are more than ${LINES_MAX}`);
  lines.forEach((line, at) => {
    skuOf(`lines.${at}.sku`, line.sku);
    quantityOf(`lines.${at}.quantity`, line.quantity, 1);
  });
  return demandOf(lines);
};

const WIRE_STATES = {
  held: WireState.HELD,
  claimed: WireState.CLAIMED,
  released: WireState.RELEASED,
  expired: WireState.EXPIRED,
} satisfies Record<ReservationState, WireState>;

const wireReservation = ({ id, state, lines, expiresAt }: Reservation) =>
  create(ReservationSchema, {
    reservationId: id,
    state: WIRE_STATES[state],
    lines,
    expiresAt: timestampFromDate(new Date(expiresAt)),
  });

const wireStock = ({ version, ...level }: StockLevel) =>
  create(StockSchema, { ...level, version: BigInt(version) });

/** Levels in the order asked: from Redis what it knows, from the ledger the rest. */
const levelsOf = async (
  parts: InventoryParts,
  storeId: string,
  skus: string[],
): Promise<StockLevel[]> => {
  const known = await parts.cache.listKnown(storeId, skus);
  const found = new Map(known.map((level) => [level.sku, level]));
  const missing = [...new Set(skus.filter((sku) => !found.has(sku)))];
  if (missing.length > 0) {
    const levels = await listLevels(parts.pg, storeId, missing);
    for (const level of levels) found.set(level.sku, level);
    await settle(
      parts,
      storeId,
      levels.filter((level) => level.version > 0),
    );
  }
  return skus.flatMap((sku) => found.get(sku) ?? []);
};

type Service = ServiceImpl<typeof InventoryService>;

const stockHandlers = (
  parts: InventoryParts,
): Pick<Service, 'batchGetStock' | 'receiveStock' | 'adjustStock'> => ({
  async batchGetStock({ skus }, context) {
    if (skus.length > STOCK_SKUS_MAX) throw invalid('skus', `are more than ${STOCK_SKUS_MAX}`);
    skus.forEach((sku, at) => skuOf(`skus.${at}`, sku));
    const levels = await levelsOf(parts, callerOf(context).storeId, skus);
    return { stock: levels.map(wireStock) };
  },
  async receiveStock({ receiptId, sku, quantity, productId }, context) {
    const { storeId } = callerOf(context);
    const level = await receiveStock(parts.pg, {
      storeId,
      receiptId: idOf('receiptId', receiptId),
      sku: skuOf('sku', sku),
      quantity: quantityOf('quantity', quantity, 1),
      productId,
    });
    await settle(parts, storeId, [level]);
    return { stock: wireStock(level) };
  },
  async adjustStock({ sku, onHand, productId, expectedVersion, reason }, context) {
    const { storeId } = callerOf(context);
    const level = await adjustStock(parts.pg, {
      storeId,
      sku: skuOf('sku', sku),
      onHand: quantityOf('onHand', onHand, 0),
      productId,
      expectedVersion: expectedVersion === undefined ? undefined : Number(expectedVersion),
      reason,
      reference: crypto.randomUUID(),
    });
    await settle(parts, storeId, [level]);
    return { stock: wireStock(level) };
  },
});

const endingHandlers = (
  parts: InventoryParts,
): Pick<Service, 'claimReservation' | 'releaseReservation' | 'reverseClaim'> => {
  const settled = async (storeId: string, answer: LedgerAnswer) => {
    await settle(parts, storeId, answer.levels);
    return { reservation: wireReservation(answer.reservation) };
  };
  return {
    async claimReservation({ reservationId }, context) {
      const { storeId } = callerOf(context);
      const id = idOf('reservationId', reservationId);
      return settled(storeId, await claimReservation(parts.pg, storeId, id));
    },
    async releaseReservation({ reservationId }, context) {
      const { storeId } = callerOf(context);
      const id = idOf('reservationId', reservationId);
      const answer = await releaseReservation(parts.pg, storeId, id);
      return answer ? settled(storeId, answer) : {};
    },
    async reverseClaim({ reservationId }, context) {
      const { storeId } = callerOf(context);
      const id = idOf('reservationId', reservationId);
      return settled(storeId, await reverseClaim(parts.pg, storeId, id));
    },
  };
};

const reservationHandlers = (
  parts: InventoryParts,
): Pick<Service, 'reserve' | 'extendReservation' | 'getReservation'> => ({
  async reserve({ reservationId, lines, expiresIn, attempt }, context) {
    const expiresInMs = holdMsOf(expiresIn);
    const reservation = await reserve(parts, {
      storeId: callerOf(context).storeId,
      id: idOf('reservationId', reservationId),
      demand: linesOf(lines),
      expiresInMs,
      attempt,
    });
    return { reservation: wireReservation(reservation) };
  },
  async extendReservation({ reservationId, expiresIn }, context) {
    const { storeId } = callerOf(context);
    const id = idOf('reservationId', reservationId);
    const expiresInMs = holdMsOf(expiresIn);
    const reservation = await extendReservation(parts.pg, storeId, id, expiresInMs);
    await parts.cache
      .rememberReservation(storeId, id, expiresInMs)
      .catch((error: unknown) => parts.telemetry.log.error('reservation not remembered', error));
    return { reservation: wireReservation(reservation) };
  },
  async getReservation({ reservationId }, context) {
    const { storeId } = callerOf(context);
    const id = idOf('reservationId', reservationId);
    return { reservation: wireReservation(await reservationById(parts.pg, storeId, id)) };
  },
});

export const inventoryRpc = (parts: InventoryParts) => (router: ConnectRouter) =>
  router.service(InventoryService, {
    ...stockHandlers(parts),
    ...reservationHandlers(parts),
    ...endingHandlers(parts),
  });
