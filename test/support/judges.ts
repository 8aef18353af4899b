// Reads the stores, the provider's ledger, the inbox and the sandboxes for assertions.
import { createHmac } from 'node:crypto';
import { minorOf } from '../../activities/providers/stripe-amounts.ts';
import { carrierWebhookSecret } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { eventually, JSON_TYPE, request } from './journeys.ts';
import type { Shop } from './shop.ts';

interface OrderRow {
  status: string;
  payment_status: string;
  end_code: string | null;
  refunded_minor: number;
  attentions: unknown[];
}

export const orderRow = async ({ sql }: Shop, id: string) => {
  const [row] = await sql`select status, payment_status, end_code, refunded_minor, attentions
    from orders.orders where id = ${id}`;
  return row as OrderRow | undefined;
};

/** Waits until the order is in this status in Postgres. */
export const reached = (shop: Shop, id: string, status: string): Promise<string> =>
  eventually(`${id} is ${status}`, async () =>
    (await orderRow(shop, id))?.status === status ? status : undefined,
  );

interface Ledger {
  intents: { id: string; status: string; amount_received: number; metadata: { orderId: string } }[];
  charges: {
    id: string;
    payment_intent: string;
    status: string;
    currency: string;
    amount_captured: number;
    amount_refunded: number;
  }[];
  disputes: { id: string; payment_intent: string; status: string }[];
}

/** The card provider's view of an order, in its units: its intents and the charges it took. */
export const providerView = async ({ env }: Shop, orderId: string) => {
  const { body } = await request<Ledger>(`${env['STRIPE_SANDBOX_URL']}/_sandbox/ledger`);
  const intents = body.intents.filter((intent) => intent.metadata.orderId === orderId);
  const ids = intents.map((intent) => intent.id);
  const charges = body.charges.filter((charge) => ids.includes(charge.payment_intent));
  const paid = charges.filter((charge) => charge.status === 'succeeded');
  const disputes = body.disputes.filter((dispute) => ids.includes(dispute.payment_intent));
  const kept = paid.reduce(
    (sum, one) => sum + minorOf(one.amount_captured - one.amount_refunded, one.currency),
    0,
  );
  return { intents, charges, paid, disputes, keptMinor: kept };
};

/** Waits until the provider keeps so much of an order's money. */
export const keeps = (shop: Shop, orderId: string, minor: number): Promise<true> =>
  eventually(`${minor} of ${orderId} are kept`, async () =>
    (await providerView(shop, orderId)).keptMinor === minor ? true : undefined,
  );

/** The ledger's balance of a sku. */
export const balance = async ({ sql }: Shop, sku: string) => {
  const [row] = await sql`select on_hand, reserved from inventory.balances where sku = ${sku}`;
  return row as { on_hand: number; reserved: number } | undefined;
};

interface Mail {
  subject: string;
}

export const mailTo = async ({ env }: Shop, email: string): Promise<string[]> => {
  const url = `${env['MAIL_URL']}/messages?to=${encodeURIComponent(email)}`;
  const { body } = await request<Mail[] | { messages: Mail[] }>(url);
  return (Array.isArray(body) ? body : body.messages).map((mail) => mail.subject);
};

/** The double-entry ledger of an order: its accounts, each in minor units. */
export const accountsOf = async (
  { sql }: Shop,
  orderId: string,
): Promise<Record<string, number>> => {
  const rows = await sql`select account, sum(amount_minor)::int as sum from orders.ledger_entries
    where order_id = ${orderId} group by account having sum(amount_minor) <> 0`;
  return Object.fromEntries(rows.map((row) => [row['account'], row['sum']]));
};

/** Types of an order's events, oldest first. */
export const eventsOf = async ({ sql }: Shop, orderId: string): Promise<string[]> => {
  const rows = await sql`select type from orders.order_events where order_id = ${orderId}
    order by sequence`;
  return rows.map((row) => String(row['type']));
};

/** A control of one of the sandboxes. */
export const control = (
  { env }: Shop,
  name: 'STRIPE_SANDBOX_URL' | 'CARRIER_SANDBOX_URL',
  method: string,
  path: string,
  body?: unknown,
) =>
  request(`${env[name]}/_sandbox/${path}`, {
    method,
    headers: JSON_TYPE,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

interface Signing {
  /** In the form of Standard Webhooks; the test instance's by default. */
  secret?: string;
  id?: string;
  /** Seconds since 1970; now by default. */
  at?: number;
}

/** The headers of the carrier's webhook, by the text of Standard Webhooks and not by a library. */
export const signedByCarrier = (payload: string, how: Signing = {}): Record<string, string> => {
  const { secret = carrierWebhookSecret(testInstance()), id = `msg_${crypto.randomUUID()}` } = how;
  const at = how.at ?? Math.floor(Date.now() / 1000);
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64');
  const digest = createHmac('sha256', key).update(`${id}.${at}.${payload}`).digest('base64');
  return {
    ...JSON_TYPE,
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': `v1,${digest}`,
  };
};

export interface ParcelEvent {
  shipmentId: string;
  reference: string;
  status: string;
}

/** An event as the carrier sends it, `ageMs` after it happened; returns the answer's status. */
export const carrierSays = async (
  { env }: Shop,
  data: ParcelEvent,
  { id, ageMs = 0 }: { id?: string; ageMs?: number } = {},
): Promise<number> => {
  const timestamp = new Date(Date.now() - ageMs).toISOString();
  const body = JSON.stringify({ type: 'shipment.updated', timestamp, data });
  const headers = signedByCarrier(body, id === undefined ? {} : { id });
  const url = `${env['GATEWAY_URL']}/webhooks/carrier`;
  return (await request(url, { method: 'POST', headers, body })).status;
};

/** The carrier's events about an order or a return, as Orders has stored them, by their status. */
export const parcelEventsOf = async ({ sql }: Shop, reference: string) => {
  const rows = await sql`select id, notified_at from orders.webhook_events
    where source = 'carrier' and reference = ${reference} order by id`;
  return rows.map((row) => ({
    status: String(row['id']).split('/').at(-1) ?? '',
    isDelivered: row['notified_at'] !== null,
  }));
};

/** The shopper's confirmation on the bank's page. */
export const authenticate = async (
  shop: Shop,
  orderId: string,
  outcome: 'success' | 'failure' = 'success',
): Promise<void> => {
  const { intents } = await providerView(shop, orderId);
  const path = `/_sandbox/payment_intents/${intents[0]?.id}/authenticate`;
  await request(`${shop.env['STRIPE_SANDBOX_URL']}${path}`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ outcome }),
  });
};

/** An operator's action on one order. */
export const repairBy = ({ env }: Shop, orderId: string, action: string, body: unknown = {}) =>
  request(`${env['RECOVERY_URL']}/recovery/orders/${orderId}/${action}`, {
    method: 'POST',
    headers: { ...JSON_TYPE, authorization: `Bearer ${env['OPERATOR_KEY']}` },
    body: JSON.stringify(body),
  });

/** A call of the operators' API, with an operator's key. */
export const asOperator = <T>(
  { env }: Shop,
  method: string,
  path: string,
  body?: unknown,
  key?: string,
) =>
  request<T>(`${env['GATEWAY_URL']}/recovery/${path}`, {
    method,
    headers: {
      ...JSON_TYPE,
      authorization: `Bearer ${env['OPERATOR_KEY']}`,
      ...(key && { 'idempotency-key': key }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
