// Runs one drill of the catalogue: a churn with a fault, a drain, and checks of P1 to P7.
import { connectPostgres } from '../../../db/postgres/client.ts';
import { testInstance } from '../../../ops/instance.ts';
import { runningOf } from '../../../ops/supervise.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import { tablesOf, everythingRead } from '../../support/read-side.ts';
import { newStore, type Store } from '../../support/refusals.ts';
import type { BreakableShop } from '../../support/breakable-shop.ts';
import type { Drilled } from '../drill.ts';
import type { Broken } from '../at-rest.ts';
import { randomOf } from '../../../ops/random.ts';
import { runChurn, type Churn } from './churn.ts';
import { unequal } from './equal.ts';
import { ROAD_FAULTS, type RoadFault } from './faults.ts';
import { countedOutcomes, type Outcomes } from './outcomes.ts';
import { buriedOnes, eventsAndTopics, rebuiltFromZero, writesAndEvents } from './promises.ts';
import { longestLagMs, startReading } from './reader.ts';
import { openWitness, type Witness } from './witness.ts';

/** The longest drain, however large the churn was; a longer one means that something is stuck. */
const DRAIN_LIMIT_MS = 10 * 60_000;

const pidOfProjector = () => runningOf(testInstance(), 'projector')?.pid;

const allRead = async (shop: BreakableShop): Promise<void> => {
  const tables = await tablesOf(shop);
  try {
    await everythingRead(shop, tables, DRAIN_LIMIT_MS);
  } finally {
    await tables.close();
  }
};

/** The messages that a projector had counted when the watch began. */
interface Counted {
  pid: number | undefined;
  outcomes: Outcomes;
  /** True when the fault repeats no message. */
  isExact: boolean;
}

/** P5: a projector's counters add up to its messages; one that was killed has no counters. */
const unaccounted = async (
  { pid, outcomes, isExact }: Counted,
  published: number,
): Promise<Broken> => {
  if (pid !== pidOfProjector()) return [];
  const count = (await countedOutcomes()).all - outcomes.all;
  const isKept = isExact ? count === published : count >= published;
  return isKept ? [] : [`P5 ${published} messages, and ${count} of them are accounted for`];
};

/** Checks all but the reader's results, of a store whose events have all been sent and read. */
export const brokenCataloguePromises = async (
  shop: BreakableShop,
  witness: Witness,
  counted?: Counted,
): Promise<Broken> => {
  const { storeId } = witness;
  await allRead(shop);
  const telemetry = createTelemetry('test', 'fatal');
  const pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
  const tables = await tablesOf(shop);
  try {
    const [seen, published] = [await witness.seen(), await witness.published()];
    return [
      ...writesAndEvents(seen),
      ...eventsAndTopics(storeId, seen, published),
      ...(await unequal({ shop, pg, tables, storeId }, seen)),
      ...buriedOnes(storeId, await witness.buried(), 0),
      ...(counted ? await unaccounted(counted, published.length) : []),
      ...(await rebuiltFromZero(tables, storeId, published)),
    ];
  } finally {
    await Promise.all([pg.close(), tables.close()]);
  }
};

interface Suffering {
  seed: number;
  count: number;
  fault: RoadFault;
}

/** The churn with a fault in it, while a reader reads. */
const churned = async (
  shop: BreakableShop,
  store: Store,
  { seed, count, fault }: Suffering,
): Promise<{ churn: Churn; broken: Broken }> => {
  const { storeId } = store;
  const ids = new Set<string>();
  const reading = startReading(shop, store, () => [...ids]);
  const random = randomOf(seed + 1);
  const churn = await runChurn(shop, store, {
    ...{ seed, count },
    onMade: (id) => void ids.add(id),
    beside: (isOver) => fault(shop, { storeId, isOver, random }),
  }).catch(async (error: unknown) => {
    await reading.stop();
    throw error;
  });
  await shop.allReady();
  await allRead(shop);
  const { wrong, looks } = await reading.stop();
  return { churn, broken: looks === 0 ? ['P4 nothing was read'] : wrong };
};

export const runCatalogueDrill = async (
  shop: BreakableShop,
  name: string,
  { seed, count }: { seed: number; count: number },
): Promise<Drilled> => {
  const fault = ROAD_FAULTS[name];
  if (!fault) throw new Error(`no such fault; there is ${Object.keys(ROAD_FAULTS).join(', ')}`);
  await allRead(shop);
  const startedAt = Date.now();
  const store = await newStore(shop, ['products:read', 'products:write', 'inventory:write']);
  const witness = await openWitness(shop, store.storeId);
  try {
    const isExact = name === 'catalogue-none';
    const counted = { pid: pidOfProjector(), outcomes: await countedOutcomes(), isExact };
    const { churn, broken } = await churned(shop, store, { seed, count, fault });
    const lagMs = await longestLagMs(shop, store);
    // A rebuild reads in a process of its own, which then ends.
    const isSame = name !== 'catalogue-rebuilt';
    broken.push(...(await brokenCataloguePromises(shop, witness, isSame ? counted : undefined)));
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    return { calls: churn.calls, unknown: churn.unknown, seconds, lagMs, broken };
  } finally {
    await witness.close();
  }
};
