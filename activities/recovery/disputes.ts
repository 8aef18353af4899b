// Starts the workflows of the provider's disputes that are missing: none needs its webhook.
import { listKnownDisputes } from '../../db/postgres/orders/disputes.ts';
import { findOrderByIntent } from '../../db/postgres/orders/orders.ts';
import { positionOf, putPosition } from '../../db/postgres/orders/positions.ts';
import type { ProviderEventDeps } from '../../workflows/client/provider-events.ts';
import { wakeDispute } from '../../workflows/client/start.ts';
import type { DisputeRecord, ProviderLedger } from '../providers/stripe-ledger.ts';

const LANE = 'disputes';
/** The first run begins this far back: no bank decides later. */
const FIRST_SECONDS = 100 * 24 * 3_600;
/** The range that is listed at once. A crash repeats one range. */
const RANGE_SECONDS = 24 * 3_600;
/** The longest run; the next one continues where it stopped. */
const RUN_MS = 90_000;
const SECOND_US = 1_000_000;

interface PullDeps extends Pick<ProviderEventDeps, 'pg' | 'temporal' | 'disputeLookMs'> {
  providerLedger: ProviderLedger;
  /** The provider's lists may lack younger ones, in ms. */
  settledMs: number;
}

/** Starts those of a page that are not recorded; one whose workflow runs only looks once more. */
const startMissing = async (deps: PullDeps, page: DisputeRecord[]): Promise<number> => {
  const { pg, temporal, disputeLookMs: firstLookMs } = deps;
  const known = await listKnownDisputes(
    pg,
    page.map(({ id }) => id),
  );
  let started = 0;
  for (const { id: disputeId, intentId } of page.filter(({ id }) => !known.has(id))) {
    const order = await findOrderByIntent(pg, intentId);
    if (!order) continue;
    const { id: orderId, storeId } = order;
    await wakeDispute(temporal, { disputeId, orderId, storeId, firstLookMs });
    started++;
  }
  return started;
};

/** Goes through the disputes made since the last run; returns how many it started. */
export const pullDisputes = async (deps: PullDeps): Promise<number> => {
  const { pg, providerLedger, settledMs } = deps;
  const startedMs = Date.now();
  const endSeconds = Math.floor((startedMs - settledMs) / 1_000);
  const last = await positionOf(pg, LANE);
  let at = last ? last.atUs / SECOND_US : endSeconds - FIRST_SECONDS;
  let started = 0;
  while (at < endSeconds && Date.now() < startedMs + RUN_MS) {
    const toSeconds = Math.min(at + RANGE_SECONDS, endSeconds);
    for await (const page of providerLedger.disputed({ fromSeconds: at, toSeconds })) {
      started += await startMissing(deps, page);
    }
    await putPosition(pg, LANE, { atUs: toSeconds * SECOND_US, id: '' });
    at = toSeconds;
  }
  return started;
};
