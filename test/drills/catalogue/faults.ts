// The faults of the catalogue's drills, made by signals and by a lock.
import { rebuildSearch } from '../../../ops/commands/search.ts';
import { testInstance } from '../../../ops/instance.ts';
import { eventually } from '../../support/journeys.ts';
import type { BreakableShop } from '../../support/breakable-shop.ts';
import { frozen, killed, suffered, type Fault } from '../faults.ts';
import { countedOutcomes } from './outcomes.ts';

/** The facts of the churn that a fault may use. */
interface Falling {
  storeId: string;
  isOver(): boolean;
  random(): number;
}

/** Runs the fault from its beginning to its end, and leaves everything running. */
export type RoadFault = (shop: BreakableShop, falling: Falling) => Promise<void>;

const KILLED_WITHIN_MS = 5_000;
/** Deletions of the store's outbox rows wait for the holder of this lock. */
const LOCK = 4_712;
const TIMES = 2;

const once =
  (fault: Fault): RoadFault =>
  (shop) =>
    suffered(shop, fault);

/** Kills the process at random moments, as long as the churn goes on. */
const againAndAgain =
  (name: 'relay' | 'projector' | 'products'): RoadFault =>
  async (shop, { isOver, random }) => {
    while (!isOver()) {
      await Bun.sleep(random() * KILLED_WITHIN_MS);
      await shop.kill(name);
      await shop.startProcess(name);
      // A group whose member was killed takes a while to reassign its partitions.
      if (name === 'projector') {
        await eventually('the projector is at work', async () =>
          isOver() || (await countedOutcomes()).all > 0 ? true : undefined,
        );
      }
    }
  };

const HOLD_UP = (storeId: string): string => `
  create or replace function products.hold_up() returns trigger language plpgsql as $$
  begin
    if old.key like '${storeId}/%' then perform pg_advisory_xact_lock_shared(${LOCK}); end if;
    return old;
  end $$;
  create or replace trigger hold_up before delete on products.outbox
    for each row execute function products.hold_up();`;
const LET_GO = `drop trigger if exists hold_up on products.outbox;
  drop function if exists products.hold_up()`;

/** Kills the relay between Kafka's acknowledgement and its own commit. */
const killedUnacknowledged: RoadFault = async (shop, { storeId, isOver }) => {
  const { sql } = shop;
  const waits = async (): Promise<true | undefined> => {
    const rows = await sql`select 1 from pg_locks
      where locktype = 'advisory' and not granted and objid = ${LOCK}`;
    return rows.length > 0 || isOver() ? true : undefined;
  };
  await sql.unsafe(HOLD_UP(storeId));
  try {
    for (let time = 0; time < TIMES; time++) {
      await sql.begin(async (tx) => {
        await tx`select pg_advisory_xact_lock(${LOCK})`;
        await eventually('a relay has sent and has not committed', waits);
        await shop.kill('relay');
      });
      await shop.startProcess('relay');
    }
  } finally {
    await sql.unsafe(LET_GO);
  }
};

const rebuilding: RoadFault = () => rebuildSearch(testInstance(), () => undefined);

export const ROAD_FAULTS: Record<string, RoadFault> = {
  'catalogue-none': async () => undefined,
  'catalogue-kafka-killed': once(killed('kafka', 2_000)),
  'catalogue-kafka-frozen': once(frozen('kafka', 12_000)),
  'catalogue-relay-killed': againAndAgain('relay'),
  'catalogue-relay-unacknowledged': killedUnacknowledged,
  'catalogue-projector-killed': againAndAgain('projector'),
  'catalogue-projector-frozen': once(frozen('projector', 15_000)),
  'catalogue-cassandra-killed': once(killed('cassandra', 2_000)),
  'catalogue-cassandra-frozen': once(frozen('cassandra', 10_000)),
  'catalogue-products-killed': againAndAgain('products'),
  'catalogue-postgres-killed': once(killed('postgres', 2_000)),
  'catalogue-gateway-killed': once(killed('gateway', 500)),
  'catalogue-rebuilt': rebuilding,
};
