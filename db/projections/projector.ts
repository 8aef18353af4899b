// The projector: writes batches of a partition to the read model, in order per key.
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { chunksOf, mapBounded } from '../../concurrency/chunks.ts';
import { createKeyedLimiter } from '../../concurrency/keyed-limiter.ts';
import { DomainError } from '../../domain/errors.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { deadLetterTopic, TOPICS } from '../kafka/topics.ts';
import { Poison, type Apply, type Outcome } from './apply.ts';

/** Messages of a partition worked on together; those of one key are folded into one write. */
const CHUNK = 256;
/** Keys worked on concurrently, over all partitions: so many rows can be written together. */
const KEYS_CONCURRENT_MAX = 128;
/** Pause of a partition source store is unavailable: grows with each failure, up to the maximum. */
const PAUSE_MS_MIN = 500;
const PAUSE_MS_MAX = 15_000;

const textHeaders = (message: KafkaMessage): Record<string, string> =>
  Object.fromEntries(
    Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );

interface DeadLetter {
  topic: string;
  partition: number;
  message: KafkaMessage;
  cause: string;
}

const sendToDeadLetters = (
  kafka: KafkaClient,
  { topic, partition, message, cause }: DeadLetter,
): Promise<void> =>
  kafka.send([
    {
      topic: deadLetterTopic(topic),
      key: message.key?.toString() ?? null,
      value: message.value,
      headers: {
        ...textHeaders(message),
        holdfast_cause: cause,
        holdfast_source: `${topic}/${partition}/${message.offset}`,
      },
    },
  ]);

export interface ProjectorDeps {
  kafka: KafkaClient;
  telemetry: Telemetry;
  /** An `Apply` with an empty cache of written words. */
  freshApply(): Apply;
}

type Partition = Pick<DeadLetter, 'topic' | 'partition'>;

const makeMetrics = (telemetry: Telemetry) => ({
  consumed: telemetry.counter(
    'holdfast_projected_total',
    'Messages consumed by the projector, by outcome.',
    ['topic', 'outcome'],
  ),
  lag: telemetry.gauge(
    'holdfast_projection_lag_seconds',
    'From the commit of the last applied event to its being searchable.',
    ['topic'],
  ),
});
const metrics = new WeakMap<Telemetry, ReturnType<typeof makeMetrics>>();

/** Feeds of one process share metrics, because a registry accepts each name once. */
const metricsOf = (telemetry: Telemetry) => {
  const known = metrics.get(telemetry) ?? makeMetrics(telemetry);
  metrics.set(telemetry, known);
  return known;
};

/** Applies messages of one key in order; returns their outcomes. */
const projectList = async (
  { kafka, telemetry }: ProjectorDeps,
  apply: Apply,
  { topic, partition }: Partition,
  list: KafkaMessage[],
): Promise<(Outcome | 'dead')[]> => {
  const work = () => telemetry.timed('project', topic, () => apply(topic, list));
  const last = list.at(-1);
  const judged = await withTraceFrom(last ? textHeaders(last) : {}, work);
  const outcomes: (Outcome | 'dead')[] = [];
  for (const [at, message] of list.entries()) {
    const one = judged[at] ?? 'stale';
    outcomes.push(one instanceof Poison ? 'dead' : one);
    if (!(one instanceof Poison)) continue;
    await sendToDeadLetters(kafka, { topic, partition, message, cause: one.message });
    telemetry.log.warn('message sent to dead-letter topic', {
      topic,
      partition,
      reason: one.message,
    });
  }
  return outcomes;
};

/** A message without a key gets its own. */
const keyOf = (message: KafkaMessage | undefined): string =>
  message?.key?.toString() ?? `\0${message?.offset}`;

/** Messages grouped by key, in order. */
const byKey = (messages: KafkaMessage[]): KafkaMessage[][] => {
  const keys = new Map<string, KafkaMessage[]>();
  for (const message of messages) {
    const key = keyOf(message);
    keys.set(key, [...(keys.get(key) ?? []), message]);
  }
  return [...keys.values()];
};

/** How long each partition has to wait before it is tried again. */
const createPauses = () => {
  const failures = new Map<string, number>();
  const nameOf = ({ topic, partition }: Partition): string => `${topic}/${partition}`;
  return {
    next: (source: Partition): number => {
      const count = failures.get(nameOf(source)) ?? 0;
      failures.set(nameOf(source), count + 1);
      const longest = Math.min(PAUSE_MS_MIN * 2 ** count, PAUSE_MS_MAX);
      return longest / 2 + Math.random() * (longest / 2);
    },
    clear: (source: Partition): void => void failures.delete(nameOf(source)),
  };
};

/**
 * Handles batches of several partitions concurrently. A product's events and its stock's come in
 * two topics and run in sequence. Stock goes first: its events are small, and a product that
 * follows its stock is written once. An unavailable store pauses this partition only.
 */
export const projectBatch = (deps: ProjectorDeps) => {
  const { telemetry, freshApply } = deps;
  const { consumed, lag } = metricsOf(telemetry);
  let apply = freshApply();
  const pauses = createPauses();
  const limiter = createKeyedLimiter(KEYS_CONCURRENT_MAX);
  const observeLag = (topic: string, message: KafkaMessage | undefined): void => {
    const committedAt = Date.parse(String(message?.headers?.['ce_time'] ?? ''));
    if (Number.isFinite(committedAt)) lag.set({ topic }, (Date.now() - committedAt) / 1_000);
  };
  return async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, heartbeat, isRunning, isStale, pause } = payload;
    const { topic, partition, messages } = batch;
    const source = { topic, partition };
    const isUrgent = topic === TOPICS.stock;
    for (const chunk of chunksOf(messages, CHUNK)) {
      if (!isRunning() || isStale()) return;
      try {
        await mapBounded(byKey(chunk), KEYS_CONCURRENT_MAX, async (list) => {
          const project = () => projectList(deps, apply, source, list);
          for (const outcome of await limiter.run(keyOf(list[0]), project, { isUrgent })) {
            consumed.inc({ topic, outcome });
          }
          await heartbeat();
        });
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
        telemetry.log.error('partition paused', error, source);
        // A store that was unavailable may have lost acknowledged writes, words included.
        apply = freshApply();
        setTimeout(pause(), pauses.next(source));
        return;
      }
      pauses.clear(source);
      const last = chunk.at(-1);
      if (last) resolveOffset(last.offset);
      observeLag(topic, last);
    }
  };
};
