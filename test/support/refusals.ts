// Checks refusals: one shape, no internals shown, nothing written.
import { expect, test } from 'bun:test';
import { keyHash } from '../../apis/http/credentials/keys.ts';
import { newId, type StoreId } from '../../domain/ids.ts';
import type { Scope } from '../../domain/permissions.ts';
import { JSON_TYPE, newEmail, placeOrder, stockedWare, type Ware } from './journeys.ts';
import type { Shop } from './shop.ts';

const ROW_LIMIT_MS = 20_000;

/** A body as it is, whole or in chunks. */
export type Raw = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** The body: `body` as JSON, or `raw` as it is. */
export interface Sent {
  method: string;
  path: string;
  headers?: Record<string, string>;
  body?: unknown;
  raw?: Raw;
}

/** One row of a table: its name, the request, and the refusal it must get. */
export type Row<World> = [name: string, sent: (world: World) => Sent, status: number, code: string];

export interface WaitingOrder {
  shop: Shop;
  ware: Ware;
  email: string;
  orderId: string;
}

/** An order that waits for its shopper, so that only the calling test can move it. */
export const waitingOrder = async (shop: Shop): Promise<WaitingOrder> => {
  const ware = await stockedWare(shop, 2);
  const email = newEmail();
  const paymentMethod = 'pm_card_authenticationRequired';
  const { body } = await placeOrder(shop, { sku: ware.sku, email, paymentMethod });
  expect(body.status).toBe('awaiting_payment');
  return { shop, ware, email, orderId: body.id };
};

/** Sends to the gateway; JSON unless the headers differ. */
export const send = ({ env }: Shop, { method, path, headers, body, raw }: Sent) =>
  fetch(`${env['GATEWAY_URL']}${path}`, {
    method,
    headers: { ...JSON_TYPE, ...headers },
    ...(raw !== undefined && { body: raw }),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

/** A stack line, a source file, a statement, or the name of a package or store. */
const INSIDES =
  /\n\s+at |\.ts:\d|node_modules|PostgresError|drizzle|ECONN|\b(?:insert into|select .+ from)\b/i;

export const expectNoInsides = (text: string): void => expect(text).not.toMatch(INSIDES);

interface Problem {
  code: string;
  requestId: string;
  detail?: string;
}

/** Checks an HTTP refusal by RFC 9457 and the design's own members. */
export const expectProblem = async (
  response: Response,
  status: number,
  code: string,
): Promise<Problem> => {
  const text = await response.text();
  expectNoInsides(text);
  expect([response.status, text === '' ? '' : JSON.parse(text)]).toEqual([
    status,
    expect.objectContaining({
      type: `urn:holdfast:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      code,
      detail: expect.stringMatching(/\S/),
      requestId: expect.stringMatching(/^[\w.-]{8,64}$/),
    }),
  ]);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = JSON.parse(text) as Problem;
  expect(response.headers.get('x-request-id')).toBe(problem.requestId);
  return problem;
};

/** One test a row: the expected refusal, and `written` is the same after it as before. */
export const refuses = <World extends { shop: Shop }>(
  rows: Row<World>[],
  world: () => World,
  written: (world: World) => Promise<unknown>,
): void => {
  for (const [name, sent, status, code] of rows) {
    test(
      `${name} is refused: ${status} ${code}`,
      async () => {
        const here = world();
        const before = await written(here);
        await expectProblem(await send(here.shop, sent(here)), status, code);
        expect(await written(here)).toEqual(before);
      },
      ROW_LIMIT_MS,
    );
  }
};

export interface Store {
  storeId: StoreId;
  key: string;
}

/**
 * A key of its own for a store, with these scopes; `expiresAt` in the past makes an expired one.
 */
export const newKey = async (
  { sql }: Shop,
  storeId: StoreId,
  scopes: Scope[],
  expiresAt: Date | null = null,
): Promise<string> => {
  const key = `hf_${crypto.randomUUID().replaceAll('-', '')}`;
  await sql`insert into identity.api_keys (hash, id, store_id, name, scopes, expires_at)
    values (${keyHash(key)}, ${newId('key')}, ${storeId}, 'a test', ${sql.json(scopes)},
      ${expiresAt})`;
  return key;
};

/** A store of this test alone. */
export const newStore = async (shop: Shop, scopes: Scope[]): Promise<Store> => {
  const storeId = newId('store');
  return { storeId, key: await newKey(shop, storeId, scopes) };
};

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Counts of everything that a store has written, which any change moves. */
export const catalogueOf = async ({ sql }: Shop, storeId: StoreId): Promise<unknown> => {
  const [row] = await sql`select
    (select json_build_array(count(*), sum(version)) from products.products
      where store_id = ${storeId}) as products,
    (select json_build_array(count(*), sum(price_minor)) from products.variants
      where store_id = ${storeId}) as variants,
    (select json_build_array(count(*), sum(version)) from products.collections
      where store_id = ${storeId}) as collections,
    (select json_build_array(count(*), sum(version), sum(on_hand)) from inventory.balances
      where store_id = ${storeId}) as balances,
    (select count(*) from inventory.movements where store_id = ${storeId}) as movements`;
  return row;
};

/** Counts of the orders, keys and holds of a sku or an e-mail address. */
export const ordersOf = async ({ sql }: Shop, sku: string, email: string): Promise<unknown> => {
  const hash = new Bun.CryptoHasher('sha256').update(email).digest('hex');
  const [row] = await sql`select
    (select json_build_array(count(*), sum(sequence)) from orders.orders
      where email = ${email} or lines @> ${sql.json([{ sku }])}) as orders,
    (select count(*) from orders.checkout_keys where principal = ${`guest/${hash}`}) as keys,
    (select count(*) from inventory.reservation_lines where sku = ${sku}) as holds,
    (select json_build_array(sum(version), sum(on_hand), sum(reserved)) from inventory.balances
      where sku = ${sku}) as balances`;
  return row;
};

const OVER_LIMIT_BYTES = 1024 * 1024 + 1;

/** One byte more than a JSON body may have, its length declared. */
export const tooLong = (): string => ' '.repeat(OVER_LIMIT_BYTES);

/** The same without a declared length. */
export const tooLongChunked = (): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start: (controller) => {
      for (let sent = 0; sent < OVER_LIMIT_BYTES; sent += 64 * 1024) {
        controller.enqueue(new Uint8Array(64 * 1024).fill(0x20));
      }
      controller.close();
    },
  });
