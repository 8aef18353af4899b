// Ends expired holds, so that their stock is for sale again.
import { mapBounded } from '../../../concurrency/chunks.ts';
import { expireReservation, listOverdue } from '../../../db/postgres/ledger/endings.ts';
import { settle, type InventoryDeps } from '../deps.ts';
import type { Loop } from './loop.ts';

const SWEEP_EVERY_MS = 1_000;
/** This many run at once, so that the backlog of a crash is gone in seconds. */
const AT_ONCE = 4;

/** Queries the ledger every second; several sweepers at once end each hold only once. */
export const startExpiring = (deps: InventoryDeps): Loop => {
  const expired = deps.telemetry.counter('holdfast_holds_expired_total', 'Holds that expired.');
  const stopping = new AbortController();
  const expire = async ({ storeId, id }: { storeId: string; id: string }): Promise<number> => {
    const answer = await expireReservation(deps.pg, storeId, id);
    if (!answer) return 0;
    expired.inc();
    await settle(deps, { storeId, levels: answer.levels, epoch: answer.epoch });
    return 1;
  };
  const sweep = async (): Promise<number> => {
    const counts = await mapBounded(await listOverdue(deps.pg), AT_ONCE, (hold) =>
      expire(hold).catch((error: unknown) => {
        deps.telemetry.log.error('ending an expired hold failed', error);
        return 0;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  };
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const count = await sweep().catch((error: unknown) => {
        deps.telemetry.log.error('sweep of expired holds failed', error);
        return 0;
      });
      if (count === 0) await Bun.sleep(SWEEP_EVERY_MS);
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
