// The projector: batches of a partition into the read side, in the order of each key.
import type { EachBatchPayload, KafkaMessage } from 'kafkajs';
import { DomainError } from '../../domain/errors.ts';
import { withTraceFrom } from '../../telemetry/spans.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { deadLetterTopic, TOPICS } from '../kafka/topics.ts';
import { Poison, type Apply, type Outcome } from './apply.ts';
import { createTurns } from './turns.ts';

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

/** Runs `work` over the list, a few at a time; the first error ends it when all have come back. */
const severally = async <T>(list: T[], work: (one: T) => Promise<void>): Promise<void> => {
  const left = [...list];
  const run = async (): Promise<void> => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  const runs = Array.from({ length: Math.min(KEYS_AT_ONCE, list.length) }, run);
  for (const { status, ...end } of await Promise.allSettled(runs)) {
    if (status === 'rejected' && 'reason' in end) throw end.reason;
  }
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
  const turns = createTurns(KEYS_AT_ONCE);
  const observeLag = (topic: string, message: KafkaMessage | undefined): void => {
    const committedAt = Date.parse(String(message?.headers?.['ce_time'] ?? ''));
    if (Number.isFinite(committedAt)) lag.set({ topic }, (Date.now() - committedAt) / 1_000);
  };
  return async (payload: EachBatchPayload): Promise<void> => {
    const { batch, resolveOffset, heartbeat, isRunning, isStale, pause } = payload;
    const { topic, partition, messages } = batch;
    const whose = { topic, partition };
    const isFirst = topic === TOPICS.stock;
    for (let at = 0; at < messages.length; at += CHUNK) {
      if (!isRunning() || isStale()) return;
      const chunk = messages.slice(at, at + CHUNK);
      try {
        await severally(byKey(chunk), async (list) => {
          const project = () => projectList(deps, apply, whose, list);
          for (const outcome of await turns({ key: keyOf(list[0]), isFirst }, project)) {
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
