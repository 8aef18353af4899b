// The announcer: turns changes of stock into events, at most five a second of one product.
import type { Pg } from '../../../db/postgres/client.ts';
import { announceChanges } from '../../../db/postgres/ledger/news.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import type { Loop } from './expire.ts';

const LOOK_EVERY_MS = 100;

export const startAnnouncing = (parts: { pg: Pg; telemetry: Telemetry }): Loop => {
  const stopping = new AbortController();
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await announceChanges(parts.pg).catch((error: unknown) =>
        parts.telemetry.log.error('stock not announced', error),
      );
      await Bun.sleep(LOOK_EVERY_MS);
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
