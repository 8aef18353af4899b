// Tests the outbox in Postgres: exactly the sent rows are deleted, whatever commits meanwhile.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { drainBucket } from '../../db/postgres/outbox.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

/** A bucket beyond those of the relay. */
const BUCKET = 999;

let shop: Shop;
let pg: Pg;
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'silent');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
}, UP_LIMIT_MS);
afterAll(() => pg.close());

test('an event that commits while later events are being sent stays until it is sent itself', async () => {
  const row = (key: string) => ({
    ...{ bucket: BUCKET, topic: 'nowhere', key, event_type: 'Sent', headers: {} },
    value: Buffer.from('sent'),
  });
  const drained = async (during: () => Promise<unknown> = async () => undefined) => {
    const keys: string[] = [];
    await drainBucket(pg, 'products', BUCKET, async (rows) => {
      keys.push(...rows.map(({ key }) => key));
      await during();
    });
    return keys;
  };
  const insert = (sql: Pick<Shop, 'sql'>['sql'], key: string) =>
    sql`insert into products.outbox ${sql(row(key))}`;
  const isInserted = Promise.withResolvers<void>();
  const mayCommit = Promise.withResolvers<void>();
  const slow = shop.sql.begin(async (tx) => {
    await insert(tx as unknown as Shop['sql'], 'slow');
    isInserted.resolve();
    await mayCommit.promise;
  });
  await isInserted.promise;
  await insert(shop.sql, 'fast');
  const commitSlow = (): Promise<unknown> => {
    mayCommit.resolve();
    return slow;
  };
  expect(await drained(commitSlow)).toEqual(['fast']);
  expect(await drained()).toEqual(['slow']);
  expect(await drained()).toEqual([]);
});
