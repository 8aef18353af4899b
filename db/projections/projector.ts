// The projector: batches of a partition into the read side, in the order of each key.
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { chunksOf, mapBounded } from '../../concurrency/chunks.ts';
import { createKeyedLimiter } from '../../concurrency/keyed-limiter.ts';
import { DomainError } from '../../domain/errors.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { deadLetterTopic, TOPICS } from '../kafka/topics.ts';
import { Poison, type Apply, type Outcome } from './apply.ts';

/** Messages of a partition worked on at once; those of one key are folded into one write. */
const CHUNK = 256;
/** Of all partitions. */
const KEYS_AT_ONCE = 16;
/** A partition whose store is away waits: longer each time, never for ever. */
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

const bury = (
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
  /** One that takes nothing as known to be written. */
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

/** Several feeds of one process count together: a registry has each name once. */
const metricsOf = (telemetry: Telemetry) => {
  const known = metrics.get(telemetry) ?? makeMetrics(telemetry);
  metrics.set(telemetry, known);
  return known;
};

/** Messages of one key, in their order; answers what became of each. */
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
    await bury(kafka, { topic, partition, message, cause: one.message });
    telemetry.log.warn('message buried', { topic, partition, reason: one.message });
  }
  return outcomes;
};

/** A message without a key is one of its own. */
const keyOf = (message: KafkaMessage | undefined): string =>
  message?.key?.toString() ?? `\0${message?.offset}`;

/** Messages of each key, in their order. */
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
    next: (whose: Partition): number => {
      const count = failures.get(nameOf(whose)) ?? 0;
      failures.set(nameOf(whose), count + 1);
      const longest = Math.min(PAUSE_MS_MIN * 2 ** count, PAUSE_MS_MAX);
      return longest / 2 + Math.random() * (longest / 2);
    },
    clear: (whose: Partition): void => void failures.delete(nameOf(whose)),
  };
};

/**
 * Handles batches, of several partitions at once: a product's own news and its stock's come in two
 * topics, and take turns. Stock goes first: its news is small, and a product that comes after it is
 * written once. A store that is away pauses this partition and nothing else.
 */
export const projectBatch = (deps: ProjectorDeps) => {
  const { telemetry, freshApply } = deps;
  const { consumed, lag } = metricsOf(telemetry);
  let apply = freshApply();
  const pauses = createPauses();
  const limiter = createKeyedLimiter(KEYS_AT_ONCE);
  const observeLag = (topic: string, message: KafkaMessage | undefined): void => {
    const committedAt = Date.parse(String(message?.headers?.['ce_time'] ?? ''));
    if (Number.isFinite(committedAt)) lag.set({ topic }, (Date.now() - committedAt) / 1_000);
  };
  return async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, heartbeat, isRunning, isStale, pause } = payload;
    const { topic, partition, messages } = batch;
    const whose = { topic, partition };
    const isUrgent = topic === TOPICS.stock;
    for (const chunk of chunksOf(messages, CHUNK)) {
      if (!isRunning() || isStale()) return;
      try {
        await mapBounded(byKey(chunk), KEYS_AT_ONCE, async (list) => {
          const project = () => projectList(deps, apply, whose, list);
          for (const outcome of await limiter.run(keyOf(list[0]), project, { isUrgent })) {
            consumed.inc({ topic, outcome });
          }
          await heartbeat();
        });
      } catch (error) {
        if (!(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
        telemetry.log.error('partition paused', error, whose);
        // A store that was away may have lost what it had acknowledged, words among it.
        apply = freshApply();
        setTimeout(pause(), pauses.next(whose));
        return;
      }
      pauses.clear(whose);
      const last = chunk.at(-1);
      if (last) resolveOffset(last.offset);
      observeLag(topic, last);
    }
  };
};
