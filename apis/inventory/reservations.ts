// RPC handlers of reservations: reserve, extend, release, claim, reverse, read.
import type { ServiceImpl } from '@connectrpc/connect';
import { demandOf } from '../../domain/order.ts';
import {
  claimReservation,
  releaseReservation,
  reverseClaim,
} from '../../db/postgres/ledger/endings.ts';
import type { LedgerAnswer } from '../../db/postgres/ledger/fast-path.ts';
import { listHolds } from '../../db/postgres/ledger/holds.ts';
import { extendReservation, reservationById } from '../../db/postgres/ledger/reservations.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { callerOf } from '../rpc/server.ts';
import { settle, type InventoryDeps } from './deps.ts';
import { reserve } from './reserve.ts';
import { holdMsOf, wireHold, wireReservation } from './shapes.ts';

type Service = ServiceImpl<typeof InventoryService>;
type Handlers<K extends keyof Service> = Pick<Service, K>;

export const holdHandlers = (
  deps: InventoryDeps,
): Handlers<'reserve' | 'extendReservation' | 'getReservation' | 'listHolds'> => ({
  async reserve({ reservationId, lines, expiresIn, attempt }, context) {
    const reservation = await reserve(deps, {
      storeId: callerOf(context).storeId,
      id: reservationId,
      demand: demandOf(lines),
      expiresInMs: holdMsOf(expiresIn),
      attempt,
    });
    return { reservation: wireReservation(reservation) };
  },
  async extendReservation({ reservationId: id, expiresIn }, context) {
    const { storeId } = callerOf(context);
    const lifeMs = holdMsOf(expiresIn);
    const reservation = await extendReservation(deps.pg, storeId, id, lifeMs);
    await deps.cache
      .remember([{ storeId, id, lifeMs }])
      .catch((error: unknown) =>
        deps.telemetry.log.error('reservation id not written to redis', error),
      );
    return { reservation: wireReservation(reservation) };
  },
  async getReservation({ reservationId }, context) {
    const { storeId } = callerOf(context);
    const reservation = await reservationById(deps.pg, storeId, reservationId);
    return { reservation: wireReservation(reservation) };
  },
  async listHolds({ sku }, context) {
    const { holds, ...totals } = await listHolds(deps.pg, callerOf(context).storeId, sku);
    return { holds: holds.map(wireHold), ...totals };
  },
});

export const endingHandlers = (
  deps: InventoryDeps,
): Handlers<'claimReservation' | 'releaseReservation' | 'reverseClaim'> => {
  const settled = async (storeId: string, { reservation, levels, epoch }: LedgerAnswer) => {
    await settle(deps, { storeId, levels, epoch });
    return { reservation: wireReservation(reservation) };
  };
  return {
    async claimReservation({ reservationId }, context) {
      const { storeId } = callerOf(context);
      return settled(storeId, await claimReservation(deps.pg, storeId, reservationId));
    },
    async releaseReservation({ reservationId }, context) {
      const { storeId } = callerOf(context);
      const answer = await releaseReservation(deps.pg, storeId, reservationId);
      return answer ? settled(storeId, answer) : {};
    },
    async reverseClaim({ reservationId }, context) {
      const { storeId } = callerOf(context);
      return settled(storeId, await reverseClaim(deps.pg, storeId, reservationId));
    },
  };
};
