// Measures the event pipeline: outbox drain and projection against raw sends and batches.
import { readFileSync } from 'node:fs';
import { Kafka, logLevel } from 'kafkajs';
import type { Instance } from '../ops/instance.ts';
import { signal, until } from '../ops/supervise.ts';
import { TOPICS } from '../db/kafka/topics.ts';
import { settled, withCatalogue, type CatalogueBench } from './catalogue.ts';
import { compare, type Figures, type Plan, type Side } from './method.ts';

const DRAINED = 10_000;
const BACKLOG = 1_000_000;
/** Counting a million rows takes Postgres a while. */
const COUNTED_EVERY_MS = 1_000;
const PROJECTED = 500;
const EVENT_BYTES = 400;
const LIMIT_MS = 10 * 60_000;
/** A topic without consumers, because only sending is measured. */
const TOPIC = 'holdfast.bench.v1';

const createTopic = async ({ env }: CatalogueBench): Promise<void> => {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 8 }], waitForLeaders: true });
  await admin.disconnect();
};

/** Numbers that no earlier run has used. */
const numbers = (count: number): (() => number) => {
  let next = Date.now() * 1_000;
  return () => (next += count);
};

const sending = (bench: CatalogueBench): Side => ({
  pids: () => [bench.rawPid, bench.pidOf('kafka')],
  operation: () => bench.raw('/produce', { topic: TOPIC, from: 0, count: DRAINED }),
});

/** Fills the outbox while the relay is stopped. */
const fillOutbox = async ({ instance, sql }: CatalogueBench, rows: number): Promise<void> => {
  signal(instance, 'relay', 'SIGSTOP');
  await sql`insert into products.outbox (bucket, topic, key, event_type, value, headers)
    select n % 16, ${TOPIC}, 'sto_default/' || n, 'Bench',
      decode(repeat('ab', ${EVENT_BYTES}::int), 'hex'), '{}'::jsonb
    from generate_series(1, ${rows}::int) n`;
};

/** Measures draining the outbox. */
const draining = (bench: CatalogueBench): Side => ({
  before: () => fillOutbox(bench, DRAINED),
  pids: () => [bench.pidOf('relay'), bench.pidOf('kafka'), ...bench.postgresPids()],
  operation: async () => {
    const { instance, sql } = bench;
    signal(instance, 'relay', 'SIGCONT');
    const isEmpty = async (): Promise<boolean> => {
      const [row] = await sql`select exists (select 1 from products.outbox) as waits`;
      return row?.['waits'] === false;
    };
    if (!(await until(isEmpty, LIMIT_MS))) throw new Error('outbox not drained in time');
  },
});

const measureDrain = (instance: Instance, plan: Plan): Promise<Figures> =>
  withCatalogue(instance, async (bench) => {
    await createTopic(bench);
    await settled(bench);
    return compare(sending(bench), draining(bench), { operations: 1, inFlight: 1, ...plan });
  });

const measureProject = (instance: Instance, plan: Plan): Promise<Figures> =>
  withCatalogue(instance, async (bench) => {
    const { raw, rawPid, pidOf } = bench;
    const next = numbers(PROJECTED);
    const bare: Side = {
      pids: () => [rawPid, pidOf('cassandra')],
      operation: () => raw('/project', { from: next(), count: PROJECTED }),
    };
    const projecting: Side = {
      before: async () => {
        await settled(bench);
        signal(instance, 'projector', 'SIGSTOP');
        const call = { topic: TOPICS.products, from: next(), count: PROJECTED };
        await raw('/produce', call).catch((error: unknown) => {
          signal(instance, 'projector', 'SIGCONT');
          throw error;
        });
      },
      pids: () => [pidOf('projector'), pidOf('kafka'), pidOf('cassandra')],
      operation: async () => {
        signal(instance, 'projector', 'SIGCONT');
        await settled(bench);
      },
    };
    return compare(bare, projecting, { operations: 1, inFlight: 1, ...plan });
  });

const rssMib = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;

/** Prints the send rate of each tenth of a backlog, and the relay's memory. */
export const backlogPace = (instance: Instance, plan: Plan): Promise<void> =>
  withCatalogue(instance, async (bench) => {
    const { sql, pidOf } = bench;
    const rows = plan.products ?? BACKLOG;
    await createTopic(bench);
    await settled(bench);
    try {
      await fillOutbox(bench, rows);
    } finally {
      signal(instance, 'relay', 'SIGCONT');
    }
    let since = performance.now();
    for (let tenth = 1; tenth <= 10; tenth++) {
      const isSent = async (): Promise<boolean> => {
        await Bun.sleep(COUNTED_EVERY_MS);
        const [row] = await sql`select count(*)::int as n from products.outbox`;
        return Number(row?.['n']) <= rows - (rows / 10) * tenth;
      };
      if (!(await until(isSent, LIMIT_MS))) throw new Error('outbox not drained in time');
      const seconds = (performance.now() - since) / 1_000;
      since = performance.now();
      const [pace, held] = [rows / 10 / seconds, rssMib(pidOf('relay'))];
      console.log(`tenth ${tenth}: ${pace.toFixed(0)} a second, relay ${held.toFixed(0)} MiB`);
    }
  });

export const pipelinePaths = {
  drain: { aim: 0.85, items: DRAINED, measure: measureDrain },
  project: { aim: 0.75, items: PROJECTED, measure: measureProject },
};
