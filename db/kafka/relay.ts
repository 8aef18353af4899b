// The relay: carries each outbox to Kafka, in order per key, at least once, several at a time.
import { type Pg } from '../postgres/client.ts';
import {
  drainBucket,
  listFullBuckets,
  OUTBOX_CHANNEL,
  OUTBOX_SCHEMAS,
  type OutboxRow,
  type OutboxSchema,
} from '../postgres/outbox.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from './client.ts';

/** A lost wake-up costs at most this; it also paces the retries while Kafka is away. */
const LOOK_EVERY_MS = 1_000;

export interface Relay {
  /** Throws when the relay's loop has ended. */
  check(): void;
  stop(): Promise<void>;
}

/** CloudEvents' Kafka binary mode: attributes as `ce_` headers, the trace beside them. */
const headersOf = (schema: OutboxSchema, row: OutboxRow): Record<string, string> => ({
  ...row.headers,
  ce_specversion: '1.0',
  ce_id: `${schema}/${row.id}`,
  ce_source: `/holdfast/${schema}`,
  ce_type: `${row.topic}.${row.eventType}`,
  ce_time: new Date(row.createdAtMs).toISOString(),
  'content-type': 'application/protobuf',
});

interface RelayParts {
  pg: Pg;
  kafka: KafkaClient;
  telemetry: Telemetry;
  onSent(schema: OutboxSchema, count: number): void;
}

const drainSchema = async (parts: RelayParts, schema: OutboxSchema): Promise<number> => {
  const send = async (rows: OutboxRow[]): Promise<void> => {
    const messages = rows.map((row) => ({
      topic: row.topic,
      key: row.key,
      value: row.value,
      headers: headersOf(schema, row),
    }));
    await parts.kafka.send(messages).catch((cause: unknown) => {
      throw new Error('Kafka did not take them', { cause });
    });
    parts.onSent(schema, rows.length);
  };
  let total = 0;
  for (const bucket of await listFullBuckets(parts.pg, schema)) {
    total += await drainBucket(parts.pg, schema, bucket, send);
  }
  return total;
};

/** One schema's trouble is not another's: each is drained for itself. */
const drainAll = async (parts: RelayParts): Promise<number> => {
  const counts = await Promise.all(
    OUTBOX_SCHEMAS.map((schema) =>
      drainSchema(parts, schema).catch((error: unknown) => {
        parts.telemetry.log.error('outbox not drained', error, { name: schema });
        return 0;
      }),
    ),
  );
  return counts.reduce((sum, count) => sum + count, 0);
};

export const startRelay = async (
  pg: Pg,
  kafka: KafkaClient,
  telemetry: Telemetry,
): Promise<Relay> => {
  const sent = telemetry.counter('holdfast_outbox_sent_total', 'Outbox rows sent.', ['schema']);
  const onSent = (schema: OutboxSchema, count: number): void => sent.inc({ schema }, count);
  const parts = { pg, kafka, telemetry, onSent };
  let running = true;
  let wake = Promise.withResolvers<void>();
  const idle = async (): Promise<void> => {
    const timer = setTimeout(() => wake.resolve(), LOOK_EVERY_MS);
    await wake.promise;
    clearTimeout(timer);
    wake = Promise.withResolvers();
  };
  const loop = async (): Promise<void> => {
    while (running) if ((await drainAll(parts)) === 0 && running) await idle();
  };
  const unlisten = await pg.listen(OUTBOX_CHANNEL, () => wake.resolve());
  const done = loop();
  return {
    check: () => {
      if (!running) throw new Error('the relay has stopped');
    },
    stop: async () => {
      running = false;
      wake.resolve();
      await done;
      await unlisten().catch(() => undefined);
    },
  };
};
