// The command `rebuild orders`: rebuilds the order read model and compares it with Postgres.
import { connectCassandra } from '../../db/cassandra/client.ts';
import { connectKafka } from '../../db/kafka/client.ts';
import { connectPostgres } from '../../db/postgres/client.ts';
import { rebuildOrders } from '../../db/projections/rebuild-orders.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import type { Instance } from '../instance.ts';
import { postgresUrl } from '../servers/postgres.ts';

/** Prints the result and every difference; returns the number of differences. */
export const rebuildNow = async (
  instance: Instance,
  print: (line: string) => void,
): Promise<number> => {
  const telemetry = createTelemetry('holdfast', 'error');
  const pg = connectPostgres({ url: postgresUrl(instance, 'orders'), telemetry });
  const kafka = connectKafka([`127.0.0.1:${instance.port('kafka')}`], 'holdfast', telemetry);
  const cassandra = connectCassandra({
    contactPoint: `127.0.0.1:${instance.port('cassandra')}`,
    datacenter: 'datacenter1',
    keyspace: 'holdfast',
    telemetry,
  });
  try {
    const startedAt = Date.now();
    const { events, orders, strays, differences } = await rebuildOrders({ pg, cassandra, kafka });
    for (const { orderId, written, view } of differences) {
      print(`${orderId}: event ${written} in Postgres, ${view} in Cassandra`);
    }
    const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
    print(`${events} events folded, ${strays} strays deleted, ${seconds} s`);
    print(`${orders} orders compared, ${differences.length} differ`);
    return differences.length;
  } finally {
    await Promise.all([pg.close(), kafka.close(), cassandra.close()]);
  }
};
