// Tests that invalid messages become dead letters with their cause, and the next ones are applied.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { deadLetterTopic, PROGRESS_TOPIC, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { listDeadLetters, replayDeadLetters } from '../../ops/commands/dead-letters.ts';
import { testInstance } from '../../ops/instance.ts';
import { runningOf } from '../../ops/supervise.ts';
import {
  asStore,
  eventually,
  graphql,
  searched,
  stockedWare,
  type Ware,
} from '../support/journeys.ts';
import { listenTo, sendRaw, type Listening } from '../support/kafka.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { bytes, deleted, keyOf, nowUs, POISON, productEvent, YEAR_US } from './poison-messages.ts';

const LIMIT_MS = 60_000;
const BURIED_IN = Object.values(TOPICS);

let shop: Shop;
let dead: Listening[];
let projectorPid: number | undefined;
const pidOfProjector = () => runningOf(testInstance(), 'projector')?.pid;
beforeAll(async () => {
  shop = await openShop();
  dead = await Promise.all(BURIED_IN.map((topic) => listenTo(shop, deadLetterTopic(topic))));
  projectorPid = pidOfProjector();
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all(dead.map((one) => one.stop()));
}, LIMIT_MS);

/** Written after the poison, with the same key and so to the same partition. */
const flowsOn = async (ware: Ware): Promise<void> => {
  const word = `after${ware.word}`;
  const body = { name: `Ware ${word}`, description: 'made by a test', price: 3 };
  const { status } = await asStore(shop, 'PUT', `/product/${ware.productId}`, body);
  expect(status).toBe(200);
  const found = await searched(shop, { ...ware, word });
  expect(found.variants[0]?.price).toBe(3);
  expect(pidOfProjector()).toBe(projectorPid);
};

describe('a message', () => {
  for (const [name, { topic = TOPICS.products, message, cause }] of Object.entries(POISON)) {
    test(
      `${name} becomes a dead letter with its cause, and the next one is applied`,
      async () => {
        const ware = await stockedWare(shop, 1);
        const sent = message(ware);
        await sendRaw(shop, topic, sent);
        const hex = sent.value ? Buffer.from(sent.value).toString('hex') : undefined;
        const letters = dead[BURIED_IN.indexOf(topic)];
        const buried = await eventually('it is among the dead letters', async () =>
          letters?.messages.find(
            ({ key, value }) =>
              (key?.toString() ?? null) === sent.key && value?.toString('hex') === hex,
          ),
        );
        const why = buried.headers?.['holdfast_cause']?.toString() ?? '';
        if (cause) expect(why).toBe(cause);
        expect(why).not.toBe('');
        expect(buried.headers?.['holdfast_source']?.toString()).toStartWith(`${topic}/`);
        await flowsOn(ware);
      },
      LIMIT_MS,
    );
  }

  test('without a key is refused by a compacted topic', async () => {
    const sent = sendRaw(shop, TOPICS.products, { key: null, value: bytes(1) });
    const refusal: unknown = await sent.catch((error: unknown) => error);
    expect(refusal).toMatchObject({ type: 'INVALID_RECORD' });
  });

  test(
    'of no known progress type moves nothing, and the following one is applied',
    async () => {
      for (const value of [null, bytes(255), bytes(8, 255)]) {
        await sendRaw(shop, PROGRESS_TOPIC, { key: null, value });
      }
      await flowsOn(await stockedWare(shop, 1));
    },
    LIMIT_MS,
  );
});

const outcomes = async (outcome: string): Promise<number> => {
  const port = testInstance().port('projector-ops');
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = new RegExp(
    `^holdfast_projected_total\\{[^}]*"${TOPICS.products}"[^}]*"${outcome}".*`,
  );
  return Number(
    text
      .split('\n')
      .find((one) => line.test(one))
      ?.split(' ')[1] ?? 0,
  );
};

const found = (text: string): Promise<string> =>
  eventually(`${text} is searchable`, async () => {
    const query = 'query ($text: String) { products(text: $text) { edges { node { id } } } }';
    const { body } = await graphql(shop, query, { text });
    const data = body.data as { products?: { edges: { node: { id: string } }[] } } | undefined;
    return data?.products?.edges[0]?.node.id;
  });

const variants = [{ sku: 'POISON', priceMinor: 700n, currency: 'USD' }];

describe('an event', () => {
  test(
    'of an older clock is counted as stale and changes nothing',
    async () => {
      const ware = await stockedWare(shop, 1);
      await searched(shop, ware);
      const before = await outcomes('stale');
      const clockUs = nowUs() - YEAR_US;
      const value = deleted(ware.productId, clockUs);
      await sendRaw(shop, TOPICS.products, { key: keyOf(ware), value });
      await eventually('it is counted', async () =>
        (await outcomes('stale')) > before ? true : undefined,
      );
      expect((await searched(shop, ware)).id).toBe(ware.productId);
    },
    LIMIT_MS,
  );

  for (const [name, more] of [
    ['of a newer schema is read as far as it is known', bytes(0xf2, 0x3f, 2, 104, 105)],
    ['of an older schema, without later fields, is read', bytes()],
  ] as const) {
    test(
      name,
      async () => {
        const ware = await stockedWare(shop, 1);
        await searched(shop, ware);
        const word = `schema${ware.word}`;
        const product = { name: word, slug: word, status: 'published', variants };
        const value = productEvent({
          ...{ storeId: DEFAULT_STORE, productId: ware.productId, clockUs: nowUs(), product },
        });
        await sendRaw(shop, TOPICS.products, {
          key: keyOf(ware),
          value: Buffer.concat([value, more]),
        });
        expect(await found(word)).toBe(ware.productId);
      },
      LIMIT_MS,
    );
  }
});

describe('a dead letter', () => {
  test(
    'is listed with its cause, and sent again on its topic when it is replayed',
    async () => {
      const ware = await stockedWare(shop, 1);
      const word = `repaired${ware.word}`;
      const product = { name: word, slug: word, status: 'published', variants };
      // The dead letter of a projector that could not read it yet.
      await sendRaw(shop, deadLetterTopic(TOPICS.products), {
        key: keyOf(ware),
        value: productEvent({
          ...{ storeId: DEFAULT_STORE, productId: ware.productId, clockUs: nowUs(), product },
        }),
        headers: { holdfast_cause: 'was not known yet', holdfast_source: 'somewhere/0/0' },
      });
      const lines: string[] = [];
      const count = await listDeadLetters(testInstance(), (line) => lines.push(line));
      expect(count).toBe(lines.length - 1);
      expect(lines.find((line) => line.includes(keyOf(ware)))).toEndWith('was not known yet');
      expect(await replayDeadLetters(testInstance(), () => undefined)).toBeGreaterThan(0);
      expect(await found(word)).toBe(ware.productId);
      const again: string[] = [];
      await listDeadLetters(testInstance(), (line) => again.push(line));
      expect(again.filter((line) => line.includes(keyOf(ware)))).toHaveLength(1);
    },
    LIMIT_MS,
  );
});
