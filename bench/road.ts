// The road: the outbox drained and events projected, against bare sends and bare batches; its time.
import { Kafka, logLevel } from 'kafkajs';
import type { Instance } from '../ops/instance.ts';
import { signal, until } from '../ops/supervise.ts';
import { TOPICS } from '../db/kafka/topics.ts';
import { settled, withCatalogue, type CatalogueBench } from './catalogue.ts';
import { compare, type Figures, type Plan, type Side } from './method.ts';

const DRAINED = 10_000;
const PROJECTED = 500;
const EVENT_BYTES = 400;
const LIMIT_MS = 10 * 60_000;
/** Nobody reads it: what is measured is the way there. */
const TOPIC = 'holdfast.bench.v1';

const createTopic = async ({ env }: CatalogueBench): Promise<void> => {
  const brokers = (env['KAFKA_BROKERS'] ?? '').split(',');
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic: TOPIC, numPartitions: 8 }], waitForLeaders: true });
  await admin.disconnect();
};

/** Numbers that no run has used before. */
const numbers = (count: number): (() => number) => {
  let next = Date.now() * 1_000;
  return () => (next += count);
};

const sending = (bench: CatalogueBench): Side => ({
  pids: () => [bench.rawPid, bench.pidOf('kafka')],
  operation: () => bench.raw('/produce', { topic: TOPIC, from: 0, count: DRAINED }),
});

/** The outbox is filled while the relay is frozen; what counts is how it gets empty. */
const draining = ({ instance, sql, pidOf, postgresPids }: CatalogueBench): Side => ({
  before: async () => {
    signal(instance, 'relay', 'SIGSTOP');
    await sql`insert into products.outbox (bucket, topic, key, event_type, value, headers)
      select n % 16, ${TOPIC}, 'sto_default/' || n, 'Bench',
        decode(repeat('ab', ${EVENT_BYTES}::int), 'hex'), '{}'::jsonb
      from generate_series(1, ${DRAINED}::int) n`;
  },
  pids: () => [pidOf('relay'), pidOf('kafka'), ...postgresPids()],
  operation: async () => {
    signal(instance, 'relay', 'SIGCONT');
    const isEmpty = async (): Promise<boolean> => {
      const [row] = await sql`select exists (select 1 from products.outbox) as waits`;
      return row?.['waits'] === false;
    };
    if (!(await until(isEmpty, LIMIT_MS))) throw new Error('the outbox does not get empty');
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
        const ask = { topic: TOPICS.products, from: next(), count: PROJECTED };
        await raw('/produce', ask).catch((error: unknown) => {
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

export const roadPaths = {
  drain: { aim: 0.85, items: DRAINED, measure: measureDrain },
  project: { aim: 0.75, items: PROJECTED, measure: measureProject },
};
