// Tests that the projector runs stock before a backlog of products and each key in sequence.
import { expect, test } from 'bun:test';
import type { EachBatchPayload } from 'kafkajs';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { KafkaClient } from '../kafka/client.ts';
import { TOPICS } from '../kafka/topics.ts';
import type { Apply } from './apply.ts';
import { projectBatch } from './projector.ts';

/** Waits until all pending promise callbacks have run. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** A projector whose store answers only when the test lets it. */
const createProjector = () => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  let isOpen = false;
  const apply: Apply = async (topic, messages) => {
    const name = `${topic} ${String(messages[0]?.key)}`;
    begun.push(name);
    if (!isOpen) await new Promise<void>((resolve) => ends.set(name, resolve));
    return messages.map(() => 'applied');
  };
  const telemetry = createTelemetry('test', 'fatal');
  const kafka = {} as KafkaClient;
  const project = projectBatch({ kafka, telemetry, freshApply: () => apply });
  const batch = (topic: string, keys: string[]): Promise<void> =>
    project({
      batch: {
        topic,
        partition: 0,
        messages: keys.map((key, at) => ({ key: Buffer.from(key), offset: String(at) })),
      },
      resolveOffset: () => undefined,
      heartbeat: async () => undefined,
      isRunning: () => true,
      isStale: () => false,
    } as unknown as EachBatchPayload);
  const end = async (name: string): Promise<void> => {
    ends.get(name)?.();
    await settled();
  };
  const endAll = (): void => {
    isOpen = true;
    for (const one of ends.values()) one();
  };
  return { begun, batch, end, endAll };
};

test('stock events overtake a backlog of products', async () => {
  const { begun, batch, end, endAll } = createProjector();
  const keys = Array.from({ length: 200 }, (_, at) => `store/${at}`);
  const products = [
    batch(TOPICS.products, keys),
    batch(
      TOPICS.products,
      keys.map((key) => `${key}b`),
    ),
  ];
  await settled();
  const full = begun.length;
  expect(full).toBeLessThan(keys.length);
  const stock = batch(TOPICS.stock, ['store/sold', 'store/back']);
  await settled();
  expect(begun.length).toBe(full);
  await end(begun[0] ?? '');
  await end(begun[1] ?? '');
  expect(begun.slice(full)).toEqual([`${TOPICS.stock} store/sold`, `${TOPICS.stock} store/back`]);
  endAll();
  await Promise.all([...products, stock]);
  expect(begun.length).toBe(2 * keys.length + 2);
});

test('events of one product run in sequence across topics, while another product continues', async () => {
  const { begun, batch, end, endAll } = createProjector();
  const both = [batch(TOPICS.products, ['store/a']), batch(TOPICS.stock, ['store/a', 'store/b'])];
  await settled();
  expect(begun).toEqual([`${TOPICS.products} store/a`, `${TOPICS.stock} store/b`]);
  await end(`${TOPICS.products} store/a`);
  expect(begun.at(-1)).toBe(`${TOPICS.stock} store/a`);
  endAll();
  await Promise.all(both);
});
