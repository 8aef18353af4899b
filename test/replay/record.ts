// Records workflow histories of orders and imports: `bun test/replay/record.ts [path …]`.
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { payloadCodec } from '../../workflows/client/codec.ts';
import { codecKeys } from '../../ops/environment.ts';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { fulfillOrderId } from '../../workflows/fulfill-order.contract.ts';
import { importCatalogueId } from '../../workflows/import-catalogue.contract.ts';
import { returnOrderId } from '../../workflows/return-order.contract.ts';
import {
  asShopper,
  asStore,
  cancelByShopper,
  eventually,
  newName,
  placeOrder,
  stockedWare,
  type OrderOptions,
} from '../support/journeys.ts';
import {
  authenticate,
  control,
  eventsOf,
  repairBy,
  providerView,
  reached,
} from '../support/judges.ts';
import { breakableShop, type BreakableShop, withSetting } from '../support/breakable-shop.ts';
import { needs } from '../support/stuck-orders.ts';
import { readable } from './readable.ts';

/** Smaller than a batch. */
const PAUSE_SEEN_MS = 5_000;
/** The payment window of an order that expires. */
const WINDOW_MS = 6_000;

const begin = async (shop: BreakableShop, options: Partial<OrderOptions>) => {
  const { sku } = await stockedWare(shop, 5);
  const { body } = await placeOrder(shop, { sku, ...options });
  return { sku, id: body.id ?? body.order?.id ?? '', accessToken: body.accessToken };
};

const THREE_D_SECURE = { paymentMethod: 'pm_card_authenticationRequired' };

/** Runs each path to its end; returns the workflow's id. */
const PATHS: Record<string, (shop: BreakableShop) => Promise<string>> = {
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
  'cancelled-in-flight': async (shop) => {
    const booking = { method: 'POST', path: '/shipments' };
    const hangs = { ...booking, action: 'hang', forMs: 12_000 };
    const away = { ...booking, action: 'status:503', times: 1_000 };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', hangs);
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', away);
    const { id, accessToken } = await begin(shop, {});
    await reached(shop, id, 'confirmed');
    await cancelByShopper(shop, id, accessToken);
    await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', 'faults');
    await reached(shop, id, 'cancelled');
    return id;
  },
  left: async (shop) => {
    const name = newName();
    const lost = { action: 'apply_then_500', times: 1_000, containing: name };
    const fault = { method: 'POST', path: '/shipments', ...lost };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', fault);
    const { id, accessToken } = await begin(shop, { name, postalCode: 'SLOW 00' });
    await eventually('its parcel has left', async () => {
      const { body } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
      const { shipments } = body as { shipments: { reference: string; status: string }[] };
      return shipments.find((one) => one.reference === id && one.status === 'shipped');
    });
    await cancelByShopper(shop, id, accessToken);
    await needs(shop, id, 'PARCEL_LEFT');
    await repairBy(shop, id, 'intercept');
    await reached(shop, id, 'returned_to_sender');
    await control(shop, 'CARRIER_SANDBOX_URL', 'DELETE', 'faults');
    return id;
  },
  'another-card': async (shop) => {
    const it = await begin(shop, {
      paymentMethod: 'pm_card_visa_chargeDeclinedInsufficientFunds',
    });
    await asShopper(shop, it, 'POST', '/payment', { paymentMethod: 'pm_card_visa' });
    await reached(shop, it.id, 'delivered');
    return it.id;
  },
  lost: async (shop) => {
    const { id } = await begin(shop, { postalCode: 'LOST 00' });
    await reached(shop, id, 'lost');
    return id;
  },
  expired: async (shop) => {
    const window = ['HOLDFAST_PAYMENT_WINDOW_MS', String(WINDOW_MS)] as const;
    const { id } = await withSetting(shop, 'orders', window, () => begin(shop, THREE_D_SECURE));
    await reached(shop, id, 'expired');
    return id;
  },
  refund: async (shop) => {
    const { id } = await begin(shop, {});
    await reached(shop, id, 'delivered');
    await repairBy(shop, id, 'refund', { amount: 5 });
    const refund = await eventually('it is granted', async () => {
      const [row] = await shop.sql`select id from orders.refunds where order_id = ${id}`;
      return row;
    });
    return `refund/${refund['id']}`;
  },
  'returned-to-sender': async (shop) => {
    const { id } = await begin(shop, { postalCode: 'BACK 00' });
    await reached(shop, id, 'returned_to_sender');
    return id;
  },
  repaired: async (shop) => {
    const refusal = { method: 'POST', path: '/shipments', action: 'status:422', times: 1 };
    await control(shop, 'CARRIER_SANDBOX_URL', 'POST', 'faults', refusal);
    const { id } = await begin(shop, {});
    await eventually('it needs a person', async () =>
      (await eventsOf(shop, id)).find((type) => type === 'AttentionRaised'),
    );
    await repairBy(shop, id, 'retry');
    await reached(shop, id, 'delivered');
    return id;
  },
  return: async (shop) => {
    const it = await begin(shop, {});
    await reached(shop, it.id, 'delivered');
    const lines = [{ sku: it.sku, quantity: 1 }];
    const { body } = await asShopper(shop, it, 'POST', '/returns', { lines });
    return returnOrderId(body.id);
  },
  dispute: async (shop) => {
    const { id } = await begin(shop, { paymentMethod: 'pm_card_createDispute' });
    const dispute = await eventually('the dispute is answered', async () =>
      (await providerView(shop, id)).disputes.find(({ status }) => status === 'under_review'),
    );
    const path = `disputes/${dispute.id}/decide`;
    await control(shop, 'STRIPE_SANDBOX_URL', 'POST', path, { outcome: 'won' });
    return `dispute/${dispute.id}`;
  },
};

/** Catalogue files, each run by an import of its own. */
const HEADER = 'slug,sku,name,price,inventory,collection';
const rowsOf = (own: string, count: number): string =>
  Array.from({ length: count }, (_, at) => `${own}-${at},${own}-${at},Item ${at},5,1,Gear`).join(
    '\n',
  );

const uploaded = async (shop: BreakableShop, file: string): Promise<string> => {
  const { GATEWAY_URL: url = '', STORE_KEY: key = '' } = shop.env;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'text/csv' };
  const response = await fetch(`${url}/imports`, { method: 'POST', headers, body: file });
  return ((await response.json()) as { id: string }).id;
};

const importIs = (shop: BreakableShop, id: string, status: string): Promise<true> =>
  eventually(`${id} is ${status}`, async () => {
    const { body } = await asStore<{ status: string }>(shop, 'GET', `/imports/${id}`);
    return body.status === status ? true : undefined;
  });

const ownName = (): string => `h${Date.now().toString(36)}`;

/** Returns the workflow's id, as the paths of orders do. */
const IMPORTS: Record<string, (shop: BreakableShop) => Promise<string>> = {
  'import-completed': async (shop) => {
    const id = await uploaded(shop, `${HEADER}\n${rowsOf(ownName(), 20)}\n`);
    await importIs(shop, id, 'completed');
    return importCatalogueId(id);
  },
  'import-unreadable': async (shop) => {
    const id = await uploaded(shop, '1,2,3\n4,5,6\n');
    await importIs(shop, id, 'failed');
    return importCatalogueId(id);
  },
  'import-paused': async (shop) => {
    const id = await uploaded(shop, `${HEADER}\n${rowsOf(ownName(), 4_000)}\n`);
    await eventually('it can be paused', async () => {
      const { status } = await asStore(shop, 'POST', `/imports/${id}/pause`);
      return status === 200 ? true : undefined;
    });
    // Waits until the workflow itself has noticed it, and waits.
    await Bun.sleep(PAUSE_SEEN_MS);
    await asStore(shop, 'POST', `/imports/${id}/resume`);
    await importIs(shop, id, 'completed');
    return importCatalogueId(id);
  },
  'import-retried': async (shop) => {
    const own = ownName();
    const id = await uploaded(shop, `${HEADER}\n${rowsOf(own, 3)}\n${own}-x,${own}-x,,5,1,\n`);
    await importIs(shop, id, 'completed');
    await asStore(shop, 'POST', `/imports/${id}/retry`);
    await importIs(shop, id, 'completed');
    return importCatalogueId(id);
  },
};

const codec = payloadCodec(codecKeys(testInstance()).split(','));

const folder = resolve(import.meta.dirname, 'histories');
mkdirSync(folder, { recursive: true });
const shop = await breakableShop();
const connection = await Connection.connect({ address: shop.env['TEMPORAL_ADDRESS'] ?? '' });
const dataConverter = { payloadCodecs: [codec] };
const client = new Client({ connection, namespace: 'holdfast', dataConverter });
const wanted = process.argv.slice(2);
for (const [name, publish] of Object.entries({ ...PATHS, ...IMPORTS })) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const published = await publish(shop);
  const workflowId = published.startsWith('ord_') ? fulfillOrderId(published) : published;
  const handle = client.workflow.getHandle(workflowId);
  await handle.result();
  const history: unknown = JSON.parse(historyToJSON(await handle.fetchHistory()));
  // Stack traces name files of this machine's checkout.
  const text = JSON.stringify(await readable(codec, history), null, 1).replaceAll(`${ROOT}/`, './');
  writeFileSync(resolve(folder, `${name}.json`), `${text}\n`);
  process.stdout.write(`${name}: saved\n`);
}
await connection.close();
await shop.sql.end();
