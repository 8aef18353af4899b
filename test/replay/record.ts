// Saves a history of every path an order's story can take: `bun test/replay/record.ts <folder>`.
// Run it before a workflow is changed; old folders stay, for stories begun by old code still run.
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import { cancelByShopper, placeOrder } from '../support/journeys.ts';
import { authenticate, reached } from '../support/judges.ts';
import { stockedWare, type Basket } from '../support/journeys.ts';
import { shop as openShop, type Shop } from '../support/shop.ts';

const begin = async (shop: Shop, basket: Partial<Basket>) => {
  const { sku } = await stockedWare(shop, 5);
  const { body } = await placeOrder(shop, { sku, ...basket });
  return { id: body.id ?? body.order?.id ?? '', accessToken: body.accessToken };
};

const THREE_D_SECURE = { paymentMethod: 'pm_card_authenticationRequired' };

/** Each path, told to its end; answers the order's id. */
const PATHS: Record<string, (shop: Shop) => Promise<string>> = {
  delivered: async (shop) => {
    const { id } = await begin(shop, {});
    await reached(shop, id, 'delivered');
    return id;
  },
  declined: async (shop) => {
    const { id } = await begin(shop, { paymentMethod: 'pm_card_visa_chargeDeclined' });
    await reached(shop, id, 'rejected');
    return id;
  },
  'out-of-stock': async (shop) => {
    const { id } = await begin(shop, { quantity: 6 });
    await reached(shop, id, 'rejected');
    return id;
  },
  'three-d-secure': async (shop) => {
    const { id } = await begin(shop, THREE_D_SECURE);
    await authenticate(shop, id);
    await reached(shop, id, 'delivered');
    return id;
  },
  cancelled: async (shop) => {
    const { id, accessToken } = await begin(shop, THREE_D_SECURE);
    await cancelByShopper(shop, id, accessToken);
    await reached(shop, id, 'cancelled');
    return id;
  },
};

const folder = resolve(import.meta.dirname, process.argv[2] ?? 'histories');
mkdirSync(folder, { recursive: true });
const shop = await openShop();
const connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
const client = new Client({ connection, namespace: 'holdfast' });
for (const [name, tell] of Object.entries(PATHS)) {
  const handle = client.workflow.getHandle(fulfillOrderId(await tell(shop)));
  await handle.result();
  writeFileSync(resolve(folder, `${name}.json`), historyToJSON(await handle.fetchHistory()));
  process.stdout.write(`${name}: saved\n`);
}
await connection.close();
await shop.sql.end();
