// Tests the relay under faults: `asOf` covers only sent events, and no event is lost.
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test';
import { eventKey, TOPICS } from '../../db/kafka/topics.ts';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { ProductChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { asStore, eventually, graphql, stockedWare, type Ware } from '../support/journeys.ts';
import { listenTo, type Listening } from '../support/kafka.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 120_000;
/** Longer than the polling intervals of relays and projectors. */
const WATCHED_MS = 4_000;

let shop: BreakableShop;
let events: Listening;
beforeAll(async () => {
  shop = await breakableShop();
  events = await listenTo(shop, TOPICS.products);
}, UP_LIMIT_MS);
afterEach(() => shop.allReady(), LIMIT_MS);
afterAll(() => events.stop(), LIMIT_MS);

const seen = async ({ productId }: Ware): Promise<{ asOfMs: number; version: number }> => {
  const query = 'query ($id: ID) { asOf product(id: $id) { version } }';
  const { body } = await graphql(shop, query, { id: productId });
  const data = body.data as { asOf?: string | null; product?: { version: number } | null };
  return { asOfMs: Date.parse(data.asOf ?? ''), version: data.product?.version ?? 0 };
};

const priced = async ({ productId }: Ware, price: number): Promise<number> => {
  const path = `/product/${productId}`;
  const { body } = await asStore<{ version: number }>(shop, 'PUT', path, { price });
  return body.version;
};

const eventsOf = ({ productId }: Ware) =>
  events.messages
    .filter((message) => message.key?.toString() === eventKey(DEFAULT_STORE, productId))
    .map((message) => fromBinary(ProductChangedSchema, message.value ?? new Uint8Array()));

const versionsOf = (ware: Ware): number[] => eventsOf(ware).map((event) => Number(event.version));

const outboxIsEmpty = (): Promise<true> =>
  eventually('the outbox is empty', async () => {
    const [row] = await shop.sql`select count(*)::int as n from products.outbox`;
    return row?.['n'] === 0 ? true : undefined;
  });

describe('asOf', () => {
  test(
    'stands still while no relay runs, though Kafka is up, and advances with one',
    async () => {
      const ware = await stockedWare(shop, 1);
      await eventually('it is searchable', async () =>
        (await seen(ware)).version > 0 ? true : undefined,
      );
      await shop.kill('relay');
      const version = await priced(ware, 7);
      const committedAtMs = Date.now();
      for (const end = Date.now() + WATCHED_MS; Date.now() < end;) {
        const { asOfMs, version: shown } = await seen(ware);
        expect([shown, asOfMs < committedAtMs]).toEqual([version - 1, true]);
        await Bun.sleep(200);
      }
      await shop.startProcess('relay');
      await eventually('asOf covers it', async () => {
        const { asOfMs, version: shown } = await seen(ware);
        if (!(asOfMs > committedAtMs)) return undefined;
        expect(shown).toBe(version);
        return true;
      });
    },
    LIMIT_MS,
  );

  test(
    'is never later than a change that is not searchable yet',
    async () => {
      const ware = await stockedWare(shop, 1);
      for (let at = 0; at < 15; at++) {
        const version = await priced(ware, at);
        const committedAtMs = Date.now();
        await eventually('asOf has passed it', async () => {
          const { asOfMs, version: shown } = await seen(ware);
          if (!(asOfMs > committedAtMs)) return undefined;
          expect(shown).toBe(version);
          return true;
        });
      }
    },
    LIMIT_MS,
  );
});

/** Deletions of this product's outbox rows wait for the holder of the lock. */
const LOCK = 4_711;
const heldUp = async (ware: Ware, work: () => Promise<void>): Promise<void> => {
  const { sql } = shop;
  const key = eventKey(DEFAULT_STORE, ware.productId);
  await sql.unsafe(`
    create or replace function products.hold_up() returns trigger language plpgsql as $$
    begin
      if old.key = '${key}' then perform pg_advisory_xact_lock(${LOCK}); end if;
      return old;
    end $$;
    create or replace trigger hold_up before delete on products.outbox
      for each row execute function products.hold_up();`);
  try {
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${LOCK})`;
      await work();
    });
  } finally {
    await sql.unsafe(`drop trigger hold_up on products.outbox; drop function products.hold_up()`);
  }
};

describe('a relay', () => {
  test(
    "that is killed between Kafka's acknowledgement and its own commit sends the event again",
    async () => {
      const ware = await stockedWare(shop, 1);
      await outboxIsEmpty();
      let version = 0;
      await heldUp(ware, async () => {
        version = await priced(ware, 3);
        await eventually('Kafka has it', async () =>
          versionsOf(ware).includes(version) ? true : undefined,
        );
        await shop.kill('relay');
      });
      const [row] = await shop.sql`select count(*)::int as n from products.outbox`;
      expect(row?.['n']).toBeGreaterThan(0);
      await shop.startProcess('relay');
      await outboxIsEmpty();
      await eventually('it came twice', async () =>
        versionsOf(ware).filter((one) => one === version).length >= 2 ? true : undefined,
      );
      await eventually('it is searchable once', async () =>
        (await seen(ware)).version === version ? true : undefined,
      );
    },
    LIMIT_MS,
  );

  test(
    "shares a backlog with another relay: every event once, each product's in order",
    async () => {
      const wares = await Promise.all(Array.from({ length: 8 }, () => stockedWare(shop, 1)));
      await outboxIsEmpty();
      await shop.kill('relay');
      const changes = 25;
      for (let at = 1; at <= changes; at++) {
        await Promise.all(wares.map((ware) => priced(ware, at)));
      }
      await Promise.all([shop.startProcess('relay'), shop.startProcess('relay', 2)]);
      await outboxIsEmpty();
      const expected = Array.from({ length: changes + 1 }, (_, at) => at + 1);
      for (const ware of wares) {
        await eventually('all of its events have come', async () =>
          versionsOf(ware).length > changes ? true : undefined,
        );
        expect(versionsOf(ware)).toEqual(expected);
      }
      await shop.endSecondCopies(['relay']);
    },
    LIMIT_MS,
  );

  test(
    'sends many products of the largest size at once',
    async () => {
      const title = 'long '.repeat(38);
      const options = Object.fromEntries(
        Array.from({ length: 4 }, (_, at) => [`option ${at}`, 'x'.repeat(500)]),
      );
      const wares = await Promise.all(Array.from({ length: 6 }, () => stockedWare(shop, 1)));
      await shop.kill('relay');
      for (const { productId, word } of wares) {
        const variants = Array.from({ length: 100 }, (_, at) => ({
          ...{ sku: `${word}-${at}`, title, options, price: at },
        }));
        const path = `/product/${productId}`;
        const { status } = await asStore(shop, 'PUT', path, { variants });
        expect(status).toBe(200);
      }
      await shop.startProcess('relay');
      await outboxIsEmpty();
      for (const ware of wares) {
        await eventually('it is searchable', async () =>
          (await seen(ware)).version === 2 ? true : undefined,
        );
      }
    },
    LIMIT_MS,
  );
});
