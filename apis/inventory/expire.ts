// The sweeper of holds: what nobody claimed or released in time is for sale again.
import { expireReservation, listOverdue } from '../../db/postgres/reservation-endings.ts';
import { settle, type InventoryParts } from './reserve.ts';

const SWEEP_EVERY_MS = 1_000;

export interface Sweeper {
  stop(): Promise<void>;
}

/** Asks the ledger every second; several sweepers at once end each hold only once. */
export const startExpiring = (parts: InventoryParts): Sweeper => {
  const expired = parts.telemetry.counter('holdfast_holds_expired_total', 'Holds that ran out.');
  const stopping = new AbortController();
  const sweep = async (): Promise<void> => {
    for (const { storeId, id } of await listOverdue(parts.pg)) {
      const answer = await expireReservation(parts.pg, storeId, id);
      if (!answer) continue;
      expired.inc();
      await settle(parts, storeId, answer.levels);
    }
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sweep().catch((error: unknown) => parts.telemetry.log.error('sweep failed', error));
      await Bun.sleep(SWEEP_EVERY_MS);
    }
  };
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };
};
