// Tests that malformed bodies are refused by every public JSON route.
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'bun:test';
import { testInstance } from '../../ops/instance.ts';
import { newEmail, stockedWare, type Ware } from '../support/journeys.ts';
import {
  bearer,
  catalogueOf,
  newStore,
  ordersOf,
  refuses,
  tooLong,
  tooLongChunked,
  type Raw,
  type Row,
  type Sent,
  type Store,
} from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

interface World {
  shop: Shop;
  store: Store;
  ware: Ware;
  email: string;
}

let world: World;
beforeAll(async () => {
  const shop = await openShop();
  const store = await newStore(shop, ['products:write']);
  world = { shop, store, ware: await stockedWare(shop, 2), email: newEmail() };
}, UP_LIMIT_MS);

const written = async ({ shop, store, ware, email }: World) => [
  await catalogueOf(shop, store.storeId),
  await ordersOf(shop, ware.sku, email),
];

type Body = Pick<Sent, 'raw' | 'headers'>;
type BodyRow = [name: string, body: () => Body, status: number, code: string];

const malformed = (name: string, raw: Raw): BodyRow => [
  name,
  () => ({ raw }),
  400,
  'MALFORMED_BODY',
];
const typed = (name: string, type: string): BodyRow => [
  name,
  () => ({ raw: '{"name":"Bad","price":1}', headers: { 'content-type': type } }),
  415,
  'UNSUPPORTED_MEDIA_TYPE',
];
const withCard = (name: string, raw: string): BodyRow => [
  name,
  () => ({ raw }),
  400,
  'CARD_DATA_FORBIDDEN',
];

const NOT_JSON: BodyRow[] = [
  malformed('that is empty', ''),
  malformed('of blanks', ' \n '),
  malformed('that is plain prose', 'one pair of shoes, please'),
  malformed('that is a form', 'name=Bad&price=1'),
  malformed('that is truncated', '{"name":"Bad","price":'),
  malformed('of two documents', '{"name":"Bad"}{"price":1}'),
  malformed('with a trailing comma', '{"name":"Bad","price":1,}'),
  malformed('with a comment', '{"name":"Bad","price":1/* one */}'),
  malformed('in single quotes', "{'name':'Bad'}"),
  malformed('that is not UTF-8', new Uint8Array([0x22, 0xff, 0xfe, 0x22])),
  malformed('in UTF-16', Buffer.from('\uFEFF{"name":"Bad"}', 'utf16le')),
];

const TRICKS: BodyRow[] = [
  malformed('that names a field twice', '{"name":"Bad","price":1,"price":2}'),
  malformed('that names a field twice, once escaped', '{"price":1,"pr\\u0069ce":2}'),
  malformed('that names a field twice deep inside', '{"a":[{"b":{"c":1,"c":2}}]}'),
  malformed('with __proto__', '{"name":"Bad","price":1,"__proto__":{"scopes":[]}}'),
  malformed('with __proto__ deep inside', '{"attributes":{"__proto__":{}}}'),
  malformed('with __proto__ escaped', '{"\\u005f_proto__":1}'),
  malformed('33 deep', `${'['.repeat(33)}${']'.repeat(33)}`),
  malformed('10,000 deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`),
  malformed('10,000 deep and never closed', '['.repeat(10_000)),
  malformed('with a number beyond all numbers', '{"name":"Bad","price":1e400}'),
  malformed('with a NUL in a value', '{"name":"B\\u0000d","price":1}'),
  malformed('with a NUL in a name', '{"name":"Bad","price":1,"attributes":{"a\\u0000":"b"}}'),
  malformed('with half a surrogate in a value', '{"name":"B\\ud800d","price":1}'),
  malformed('with half a surrogate in a name', '{"attributes":{"a\\udc00":"b"},"price":1}'),
];

const KINDS: BodyRow[] = [
  typed('of no type', ''),
  typed('sent as plain text', 'text/plain'),
  typed('sent as a form', 'application/x-www-form-urlencoded'),
  typed('sent as a multipart form', 'multipart/form-data; boundary=x'),
  typed('in another character set', 'application/json; charset=utf-16'),
  typed('of two types', 'application/json, text/plain'),
  ['over 1 MiB, as it declares', () => ({ raw: tooLong() }), 413, 'BODY_TOO_LARGE'],
  ['over 1 MiB, in chunks', () => ({ raw: tooLongChunked() }), 413, 'BODY_TOO_LARGE'],
];

const CARDS: BodyRow[] = [
  withCard('with a card number', '{"paymentMethod":"4242424242424242"}'),
  withCard('with a card number as a number', '{"card":4242424242424242}'),
  withCard('with a card number in fours', '{"name":"4242 4242 4242 4242","price":1}'),
  withCard('with a card number in hyphens', '{"description":"call me: 5555-5555-5555-4444"}'),
  withCard('with a card number of 15 digits', '{"shippingAddress":{"line1":"378282246310005"}}'),
  withCard('with a card number deep inside', '{"lines":[{"sku":"4000056655665556"}]}'),
  withCard('with a card number as a name', '{"attributes":{"4242424242424242":"visa"}}'),
  withCard(
    'with a card number in escapes',
    '{"name":"4242\\u0034242\\u0034242\\u0034242","price":1}',
  ),
  withCard('with a card number that is no JSON', 'card=4242424242424242'),
];

type Api = [
  api: string,
  path: string,
  headers: (world: World) => Record<string, string>,
  bodies: BodyRow[],
];
const BODIES = [...NOT_JSON, ...TRICKS, ...KINDS];
/** A store's numbers may look like cards. */
const APIS: Api[] = [
  ['a product', '/product', ({ store }) => bearer(store.key), BODIES],
  [
    'an order',
    '/orders',
    () => ({ 'idempotency-key': crypto.randomUUID() }),
    [...BODIES, ...CARDS],
  ],
  ['a GraphQL query', '/graphql', () => ({}), [...BODIES, ...CARDS]],
];

for (const [api, path, headers, bodies] of APIS) {
  describe(`${api} in a body`, () => {
    const rows = bodies.map(([name, body, status, code]): Row<World> => {
      const sent = (here: World): Sent => {
        const { raw = '', headers: own } = body();
        return { method: 'POST', path, raw, headers: { ...headers(here), ...own } };
      };
      return [name, sent, status, code];
    });
    refuses(rows, () => world, written);
  });
}

test('a card number that was refused is in no log', () => {
  const logs = resolve(testInstance().home, 'logs');
  const files = readdirSync(logs);
  expect(files).toContain('gateway.log');
  const published = files.filter((file) =>
    /4242424242424242|5555-5555-5555-4444|378282246310005|4000056655665556/.test(
      readFileSync(resolve(logs, file), 'utf8'),
    ),
  );
  expect(published).toEqual([]);
});
