// Publishes stock changes as events, at most five a second per product.
import type { Pg } from '../../../db/postgres/client.ts';
import { announceChanges } from '../../../db/postgres/ledger/stock-events.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';
import { startLoop, type Loop } from './loop.ts';

const LOOK_EVERY_MS = 100;

export const startAnnouncing = ({ pg, telemetry }: { pg: Pg; telemetry: Telemetry }): Loop =>
  startLoop(
    LOOK_EVERY_MS,
    () => announceChanges(pg),
    (error) => telemetry.log.error('publishing stock events failed', error),
  );
