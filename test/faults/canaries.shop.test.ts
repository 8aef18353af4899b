// Tests that planted secrets appear in no log, metric, span, refusal or stored value.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Client as CassandraClient } from 'cassandra-driver';
import { TOPICS } from '../../db/kafka/topics.ts';
import { testInstance } from '../../ops/instance.ts';
import { call, signIn, signUp } from '../support/accounts.ts';
import {
  ADDRESS,
  asStore,
  eventually,
  newEmail,
  stockedWare,
  type OrderAnswer,
} from '../support/journeys.ts';
import { offsetsNow, publishedBetween } from '../support/kafka.ts';
import { reached } from '../support/judges.ts';
import type { OwnProcess } from '../support/own-processes.ts';
import { startOwnShop } from '../support/own-shop.ts';
import { bearer, newKey, send } from '../support/refusals.ts';
import { breakableShop, type BreakableShop } from '../support/breakable-shop.ts';
import { UP_LIMIT_MS } from '../support/shop.ts';

const LIMIT_MS = 180_000;
/** Passes Luhn's check; no real card. */
const CARD = '4929420573595709';

const canary = (of: string): string => `canary-${of}-${crypto.randomUUID()}`;

let shop: BreakableShop;
/** The output of the processes: their logs, their metrics, and the spans that they sent. */
const collected = {
  logs: [] as [name: string, text: string][],
  metrics: [] as [name: string, text: string][],
  spans: [] as [name: string, text: string][],
  events: [] as [name: string, text: string][],
  views: [] as [name: string, text: string][],
};
/** The planted secrets, by their kind. */
const planted = new Map<string, string>();
const plant = (of: string, secret: string): string => {
  planted.set(of, secret);
  return secret;
};
/** Every response that was a refusal: none may contain a secret. */
const answers: string[] = [];
const heard = async (response: Response): Promise<void> => {
  answers.push(`${await response.text()}\n${JSON.stringify([...response.headers])}`);
};
const sends = async (
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<void> => heard(await send(shop, { method, path, body, headers }));

const plantAccounts = async (): Promise<void> => {
  const email = plant('e-mail', newEmail());
  const password = plant('password', canary('password'));
  expect((await signUp(shop, email, password)).status).toBe(202);
  const { token } = (await signIn(shop, email, password)).body;
  plant('session token', token);
  plant('session token, bare', token.slice('hfs_'.length).split('.')[0] ?? '');
  await sends('POST', '/auth/sign-in/email', { email, password: `${password}x` });
  await sends('POST', '/auth/sign-up/email', { email, password, name: 'x', role: 'owner' });
  await sends('POST', '/auth/change-password', { currentPassword: password, newPassword: 'x' });
  await sends('POST', '/auth/reset-password', { token: plant('mailed token', canary('mailed')) });
  await sends('GET', `/me?token=${encodeURIComponent(token)}`, undefined, bearer(token));
  await sends('GET', '/products', undefined, bearer(`${token}x`));
};

const plantKeys = async (): Promise<void> => {
  const key = plant('API key', await newKey(shop, 'sto_default', ['products:read']));
  await sends('POST', '/product', { name: 'x', price: 1 }, bearer(key));
  await sends('GET', '/recovery/overview', undefined, bearer(key));
  await sends('GET', '/products', undefined, bearer(plant('wrong key', `hf_${canary('key')}`)));
  await sends('GET', '/orders', undefined, {
    cookie: `holdfast.session.${new URL(shop.env['GATEWAY_URL'] ?? '').port}=${plant('cookie', canary('cookie'))}`,
  });
  plant('service token', shop.env['INTERNAL_TOKEN'] ?? '');
  plant('operator key', shop.env['OPERATOR_KEY'] ?? '');
};

const bought = async (order: object): Promise<OrderAnswer> => {
  const response = await send(shop, {
    method: 'POST',
    path: '/orders',
    body: order,
    headers: { 'idempotency-key': crypto.randomUUID() },
  });
  return (await response.json()) as OrderAnswer;
};

/** Every row that the read side has of these orders. */
const viewsOf = async (ids: string[]): Promise<[name: string, text: string][]> => {
  const cassandra = new CassandraClient({
    contactPoints: [shop.env['CASSANDRA_CONTACT_POINT'] ?? ''],
    localDataCenter: 'datacenter1',
    keyspace: 'holdfast',
  });
  try {
    return await eventually('the read side has both orders', async () => {
      const rows: [string, string][] = [];
      for (const id of ids) {
        const query =
          "select * from events_by_order where store_id = 'sto_default' and order_id = ?";
        const found = await cassandra.execute(query, [id], { prepare: true });
        if (found.rows.length === 0) return undefined;
        rows.push(
          ...found.rows.map((row): [string, string] => [`row of ${id}`, JSON.stringify(row)]),
        );
      }
      return rows;
    });
  } finally {
    await cassandra.shutdown();
  }
};

/** An order with a person's own texts, followed to its end; and refused ones with a card number. */
const plantOrders = async (): Promise<void> => {
  const { sku } = await stockedWare(shop, 5);
  const email = plant("guest's e-mail", newEmail());
  const order = {
    lines: [{ sku, quantity: 1 }],
    email,
    shippingAddress: { ...ADDRESS, line1: plant('address', canary('address')) },
    note: plant("shopper's note", canary('note')),
    paymentMethod: 'pm_card_visa_chargeDeclined',
  };
  const from = await offsetsNow(shop, [TOPICS.orders]);
  const body = await bought({ ...order, paymentMethod: 'pm_card_visa' });
  plant('order token', body.accessToken);
  await reached(shop, body.id, 'delivered');
  const challenged = await bought({
    ...order,
    paymentMethod: 'pm_card_authenticationRequired',
  });
  plant('client secret', challenged.payment.clientSecret ?? '');
  await reached(shop, challenged.id, 'awaiting_payment');
  const ids = [body.id, challenged.id];
  collected.events = await eventually('both orders are on the topic', async () => {
    const published = await publishedBetween(shop, from, await offsetsNow(shop, [TOPICS.orders]));
    const texts = published.map(({ message }): [string, string] => [
      `event of ${message.key?.toString('utf8')}`,
      message.value?.toString('latin1') ?? '',
    ]);
    const isThere = (id: string, type: string) =>
      texts.some(([, text]) => text.includes(id) && text.includes(type));
    return isThere(body.id, 'OrderDelivered') && isThere(challenged.id, 'OrderPaymentAwaited')
      ? texts
      : undefined;
  });
  collected.views = await viewsOf(ids);
  plant('card number', CARD);
  const key = { 'idempotency-key': crypto.randomUUID() };
  await sends('POST', '/orders', { ...order, paymentMethod: CARD }, key);
  await sends('POST', '/orders', order, key);
  await sends('POST', '/orders', { ...order, email: `${email}x` }, key);
  await sends('GET', `/orders/${body.id}`, undefined, bearer(`${body.accessToken}x`));
};

/** A refused order's own token is in its response, which no other secret may be. */
const withoutOwnToken = (text: string): string => text.replaceAll(/"accessToken":"[^"]*"/g, '');

const logsOf = (): [name: string, text: string][] => {
  const folder = resolve(testInstance().home, 'logs');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.log'))
    .map((file) => [file, readFileSync(resolve(folder, file), 'utf8')]);
};

const found = (places: [name: string, text: string][]): string[] =>
  places.flatMap(([name, text]) =>
    [...planted].filter(([, secret]) => text.includes(secret)).map(([of]) => `${of} in ${name}`),
  );

/** A collector of spans (OTLP over HTTP, as JSON). */
const collecting = () =>
  Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: async (request) => {
      collected.spans.push([`spans ${collected.spans.length}`, await request.text()]);
      return Response.json({});
    },
  });

const metricsOf = async ([name, { opsUrl }]: [string, OwnProcess]): Promise<[string, string]> => [
  `metrics of ${name}`,
  await (await fetch(`${opsUrl}/metrics`)).text(),
];

beforeAll(async () => {
  const collector = collecting();
  const endpoint = `http://127.0.0.1:${collector.port}`;
  const own = await startOwnShop(await breakableShop(), { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  const processes = Object.entries(own.processes);
  try {
    shop = own.shop;
    await plantAccounts();
    await plantKeys();
    await plantOrders();
    collected.metrics = await Promise.all(processes.map(metricsOf));
  } finally {
    // The last spans are sent when the processes end.
    await own.end();
    await collector.stop();
  }
  shop = await breakableShop();
  const ownLogs = processes.map(([name, { log }]): [string, string] => [`${name}.log`, log()]);
  collected.logs = [...ownLogs, ...logsOf()];
}, UP_LIMIT_MS);

describe('a planted secret', () => {
  test('is in no log of any process', async () => {
    expect(collected.logs.length).toBeGreaterThan(15);
    const [, gateway] = collected.logs.find(([name]) => name === 'gateway.log') ?? [];
    expect(gateway).toContain('"process":"gateway"');
    expect(found(collected.logs)).toEqual([]);
  });

  test('is in no refusal', () => {
    expect(answers.length).toBeGreaterThan(12);
    expect(found(answers.map((text, at) => [`answer ${at}`, withoutOwnToken(text)]))).toEqual([]);
  });

  test('is in no metric', () => {
    expect(collected.metrics.every(([, text]) => text.includes('holdfast_'))).toBe(true);
    expect(found(collected.metrics)).toEqual([]);
  });

  test('is in no event of an order, and in no row of the read side', () => {
    expect(collected.events.length).toBeGreaterThan(6);
    expect(collected.views.length).toBeGreaterThan(6);
    const personal = new Set(['address', "shopper's note", "guest's e-mail", 'client secret']);
    expect([...planted.keys()].filter((of) => personal.has(of)).length).toBe(personal.size);
    expect(found(collected.events)).toEqual([]);
    expect(found(collected.views)).toEqual([]);
  });

  test('is in no span', () => {
    const all = collected.spans.map(([, text]) => text).join('\n');
    for (const name of [
      'http POST /auth/sign-in/email',
      'http POST /orders',
      'rpc-client holdfast.orders.v1.OrdersService/PlaceOrder',
      'sql identity.findSession',
      'holdfast.kind',
    ]) {
      expect(all).toContain(name);
    }
    expect(found(collected.spans)).toEqual([]);
  });

  test(
    'is not readable in any workflow history',
    () => {
      const folder = resolve(testInstance().home, 'data', 'temporal');
      const files = readdirSync(folder).filter((file) => file.includes('.db'));
      expect(files.length).toBeGreaterThan(0);
      const texts = files.map((file): [string, string] => [
        file,
        readFileSync(resolve(folder, file)).toString('latin1'),
      ]);
      // The search does find what is readable there: ids of orders.
      expect(texts.some(([, text]) => text.includes('order/ord_'))).toBe(true);
      expect(found(texts)).toEqual([]);
    },
    LIMIT_MS,
  );

  test('of a shopper is stored as a hash, or not at all', async () => {
    const rows = await shop.sql`select
      (select string_agg(c.password, ' ') from identity.credentials c) as passwords,
      (select string_agg(p.password_hash, ' ') from identity.pending_sign_ups p) as pending,
      (select string_agg(k::text, ' ') from identity.api_keys k) as keys,
      (select string_agg(v.identifier, ' ') from identity.verifications v) as mailed`;
    const text = JSON.stringify(rows);
    const secret = [...planted].filter(([of]) => !of.includes('e-mail'));
    expect(secret.filter(([, one]) => text.includes(one)).map(([of]) => of)).toEqual([]);
  });

  test('would be found: neither the planted secrets nor the searched outputs are empty', async () => {
    expect(planted.size).toBeGreaterThan(12);
    const known = planted.get("guest's e-mail") ?? '';
    const [row] = await shop.sql`select count(*)::int as orders from orders.orders
      where email = ${known}`;
    expect(row?.['orders']).toBeGreaterThan(0);
    expect(found([['an output', `before ${known} after`]])).toEqual([
      "guest's e-mail in an output",
    ]);
    expect((await asStore(shop, 'GET', '/products?limit=1')).status).toBe(200);
    expect((await call(shop, 'GET', '/heartbeat')).status).toBe(200);
  });
});
