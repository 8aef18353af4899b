// The relay: publishes each outbox to Kafka at least once, in order per key.
import { createWakeUp } from '../../concurrency/wake-up.ts';
import { type Pg } from '../postgres/client.ts';
import {
  drainBucket,
  readOutboxState,
  OUTBOX_CHANNEL,
  OUTBOX_SCHEMAS,
  type OutboxRow,
  type OutboxSchema,
} from '../postgres/outbox.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from './client.ts';
import { catalogueSent } from './events.ts';

/** The outboxes that feed the catalogue's read model. */
export const CATALOGUE_OUTBOXES: readonly OutboxSchema[] = ['products', 'inventory'];
/**
 * Upper bound on the delay of a missed notification; also paces retries while Kafka is unavailable.
 */
const POLL_MS = 1_000;
const PROGRESS_EVERY_MS = 1_000;

export interface Relay {
  /** Throws when the relay's loop has ended. */
  check(): void;
  stop(): Promise<void>;
}

/** CloudEvents' Kafka binary mode: attributes as `ce_` headers, plus the trace. */
export const headersOf = (
  schema: OutboxSchema,
  row: Pick<OutboxRow, 'id' | 'topic' | 'eventType' | 'headers' | 'createdAtMs'>,
): Record<string, string> => ({
  ...row.headers,
  ce_specversion: '1.0',
  ce_id: `${schema}/${row.id}`,
  ce_source: `/holdfast/${schema}`,
  ce_type: `${row.topic}.${row.eventType}`,
  ce_time: new Date(row.createdAtMs).toISOString(),
  'content-type': 'application/protobuf',
});

interface RelayDeps {
  pg: Pg;
  kafka: KafkaClient;
  telemetry: Telemetry;
  onSent(schema: OutboxSchema, count: number): void;
}

interface Drained {
  schema: OutboxSchema;
  count: number;
  /**
   * Everything committed before this time has been sent; undefined when the outbox was unreadable.
   */
  sentBeforeMs: number | undefined;
}

const drainSchema = async (deps: RelayDeps, schema: OutboxSchema): Promise<Drained> => {
  const send = async (rows: OutboxRow[]): Promise<void> => {
    const messages = rows.map((row) => ({
      topic: row.topic,
      key: row.key,
      value: row.value,
      headers: headersOf(schema, row),
    }));
    await deps.kafka.send(messages).catch((cause: unknown) => {
      throw new Error('Kafka send failed', { cause });
    });
    deps.onSent(schema, rows.length);
  };
  const { full, sentBeforeMs } = await readOutboxState(deps.pg, schema);
  let count = 0;
  for (const bucket of full) count += await drainBucket(deps.pg, schema, bucket, send);
  return { schema, count, sentBeforeMs };
};

/** Drains each schema separately, so that a failure of one does not affect the others. */
const drainAll = (deps: RelayDeps): Promise<Drained[]> =>
  Promise.all(
    OUTBOX_SCHEMAS.map((schema) =>
      drainSchema(deps, schema).catch((error: unknown): Drained => {
        deps.telemetry.log.error('outbox not drained', error, { name: schema });
        return { schema, count: 0, sentBeforeMs: undefined };
      }),
    ),
  );

/** Publishes the catalogue's progress to the read model, at most once a second. */
const progressPublisher = ({ kafka, telemetry }: RelayDeps) => {
  const age = telemetry.gauge(
    'holdfast_outbox_oldest_seconds',
    'Age of the oldest unsent outbox row, in seconds.',
    ['schema'],
  );
  let publishedAtMs = 0;
  return async (drained: Drained[]): Promise<void> => {
    const nowMs = Date.now();
    for (const { schema, sentBeforeMs = 0 } of drained) {
      if (sentBeforeMs > 0) age.set({ schema }, Math.max(0, nowMs - sentBeforeMs) / 1_000);
    }
    const own = drained.filter(({ schema }) => CATALOGUE_OUTBOXES.includes(schema));
    const beforeMs = Math.min(...own.map(({ sentBeforeMs = 0 }) => sentBeforeMs));
    if (beforeMs === 0 || nowMs - publishedAtMs < PROGRESS_EVERY_MS) return;
    publishedAtMs = nowMs;
    await kafka
      .send([catalogueSent(beforeMs)])
      .catch((error: unknown) => telemetry.log.error('progress not published', error));
  };
};

export const startRelay = async (
  pg: Pg,
  kafka: KafkaClient,
  telemetry: Telemetry,
): Promise<Relay> => {
  const sent = telemetry.counter('holdfast_outbox_sent_total', 'Outbox rows sent.', ['schema']);
  const onSent = (schema: OutboxSchema, count: number): void => sent.inc({ schema }, count);
  const deps = { pg, kafka, telemetry, onSent };
  let running = true;
  const { wake, next } = createWakeUp();
  const publishProgress = progressPublisher(deps);
  const loop = async (): Promise<void> => {
    while (running) {
      const drained = await drainAll(deps);
      await publishProgress(drained);
      if (drained.every(({ count }) => count === 0) && running) await next(POLL_MS);
    }
  };
  const unlisten = await pg.listen(OUTBOX_CHANNEL, wake);
  const done = loop();
  return {
    check: () => {
      if (!running) throw new Error('the relay has stopped');
    },
    stop: async () => {
      running = false;
      wake();
      await done;
      await unlisten().catch(() => undefined);
    },
  };
};
