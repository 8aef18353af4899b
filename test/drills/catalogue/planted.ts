// Plants bugs that the catalogue's drills must detect.
import { connectKafka } from '../../../db/kafka/client.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import type { BreakableShop } from '../../support/breakable-shop.ts';

const LOOK_EVERY_MS = 10;
const ROWS_MAX = 500;

/** Every fourth row of the outbox commits some time after its number was drawn. */
const SLOWLY = `
  create or replace function products.slowly() returns trigger language plpgsql as $$
  begin
    if new.id % 4 = 0 then perform pg_sleep(0.1); end if;
    return null;
  end $$;
  create or replace trigger slowly after insert on products.outbox
    for each row execute function products.slowly();`;
const AS_EVER = `drop trigger if exists slowly on products.outbox;
  drop function if exists products.slowly()`;

interface Row extends Record<string, unknown> {
  id: number;
  topic: string;
  key: string;
  value: Uint8Array;
}

/**
 * A wrong relay: it continues after the highest number it has seen, and deletes all rows up to it.
 * Numbers are drawn in one order and committed in another.
 */
export const pollingById = async (shop: BreakableShop, isOver: () => boolean): Promise<void> => {
  const { sql, env } = shop;
  const kafka = connectKafka(
    [env['KAFKA_BROKERS'] ?? ''],
    'planted',
    createTelemetry('test', 'fatal'),
  );
  await shop.kill('relay');
  await sql.unsafe(SLOWLY);
  let last = 0;
  const look = async (): Promise<number> => {
    const rows = await sql<Row[]>`select id::float8 as id, topic, key, value from products.outbox
      where id > ${last} order by id limit ${ROWS_MAX}`;
    if (rows.length === 0) return 0;
    const messages = rows.map(({ id, topic, key, value }) => ({
      ...{ topic, key, value, headers: { ce_id: `products/${id}` } },
    }));
    await kafka.send(messages);
    last = rows.at(-1)?.id ?? last;
    await sql`delete from products.outbox where id <= ${last}`;
    return rows.length;
  };
  try {
    while ((await look()) > 0 || !isOver()) await Bun.sleep(LOOK_EVERY_MS);
  } finally {
    await kafka.close();
    await sql.unsafe(AS_EVER);
    await shop.startProcess('relay');
  }
};
