// The demo: starts the shop, loads a catalogue, and follows one order until delivery.
import { publicEnvironment } from './environment.ts';
import type { Instance } from './instance.ts';
import { report } from './output.ts';
import { call, loadSample, type Shop } from './sample/load.ts';
import type { Report } from './output.ts';
import { bringUp } from './up.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../domain/headers.ts';

const FOLLOW_LIMIT_MS = 120_000;
const SEARCHABLE_LIMIT_MS = 30_000;
const POLL_MS = 250;

interface Order {
  id: string;
  status: string;
  total: number;
  currency: string;
  accessToken: string;
}

const SEARCH = `{ products(text: "stove", inStock: true, sort: PRICE_DESC, first: 1) {
  edges { node { name slug variants { sku price stock { available } } } } } }`;

interface Found {
  name: string;
  variants: { sku: string; price: number; stock: { available: number } | null }[];
}

/** Finds the demo's product as a shopper does, by searching. */
const findStove = async (shop: Shop): Promise<Found> => {
  const end = Date.now() + SEARCHABLE_LIMIT_MS;
  while (Date.now() < end) {
    const answer = (await call(shop, 'POST', '/graphql', { query: SEARCH })) as {
      data?: { products?: { edges: { node: Found }[] } };
    };
    const node = answer.data?.products?.edges[0]?.node;
    if (node) return node;
    await Bun.sleep(POLL_MS);
  }
  throw new Error('the sample catalogue did not become searchable');
};

const placeOrder = async ({ gatewayUrl }: Shop, sku: string): Promise<Order> => {
  const response = await fetch(`${gatewayUrl}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDEMPOTENCY_KEY_HEADER]: crypto.randomUUID() },
    body: JSON.stringify({
      lines: [{ sku, quantity: 2 }],
      email: 'shopper@holdfast.example',
      shippingAddress: {
        name: 'Robin Shopper',
        line1: '1 Harbour Street',
        city: 'Portree',
        postalCode: 'IV51 9DE',
        country: 'GB',
      },
      paymentMethod: 'pm_card_visa',
    }),
  });
  if (!response.ok) throw new Error(`the order was refused: ${await response.text()}`);
  return (await response.json()) as Order;
};

interface TimelineEvent {
  sequence: number;
  type: string;
  at: string;
}

/** Follows the timeline until the order is delivered. */
const follow = async ({ gatewayUrl }: Shop, order: Order, report: Report): Promise<string> => {
  const end = Date.now() + FOLLOW_LIMIT_MS;
  const headers = { authorization: `Bearer ${order.accessToken}` };
  let seen = 0;
  while (Date.now() < end) {
    const response = await fetch(`${gatewayUrl}/orders/${order.id}/events`, { headers });
    const { events } = (await response.json()) as { events: TimelineEvent[] };
    for (const event of events.filter(({ sequence }) => sequence > seen)) {
      seen = event.sequence;
      report(`  ${event.at}  ${event.type}`);
      if (event.type === 'OrderDelivered') return 'delivered';
    }
    await Bun.sleep(POLL_MS);
  }
  throw new Error(`order ${order.id} was not delivered in ${FOLLOW_LIMIT_MS / 1000} s`);
};

export const demo = async (instance: Instance, { json }: { json: boolean }): Promise<void> => {
  await bringUp(instance, report);
  const env = await publicEnvironment(instance);
  const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
  await loadSample(shop, report);
  const stove = await findStove(shop);
  const sku = stove.variants[0]?.sku ?? '';
  report(`found by search: ${stove.name}, ${stove.variants[0]?.stock?.available} left`);
  const order = await placeOrder(shop, sku);
  report(`order ${order.id}: 2 × ${sku}, ${order.total} ${order.currency}`);
  const status = await follow(shop, order, report);
  const urls = {
    shop: shop.gatewayUrl,
    graphql: `${shop.gatewayUrl}/graphql`,
    temporal: `${env['TEMPORAL_UI_URL']}/namespaces/holdfast/workflows/order%2F${order.id}`,
    mail: env['MAIL_URL'],
    cards: `${env['STRIPE_SANDBOX_URL']}/_sandbox/ledger`,
  };
  const result = { order: { id: order.id, status }, urls };
  if (json) return void process.stdout.write(`${JSON.stringify(result)}\n`);
  process.stdout.write(
    [
      '',
      `Delivered. The shop is running:`,
      `  shop API      ${urls.shop}/docs`,
      `  GraphQL       ${urls.graphql}  (POST)`,
      `  this order    ${urls.temporal}`,
      `  mail inbox    ${urls.mail}`,
      `  card ledger   ${urls.cards}`,
      `Keys and addresses: ./holdfast env    To stop it: ./holdfast down`,
      '',
    ].join('\n'),
  );
};
