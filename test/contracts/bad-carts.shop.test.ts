// Tests that invalid calls about carts are refused with their codes and change nothing.
import { beforeAll, describe } from 'bun:test';
import { newCartId, newId } from '../../domain/ids.ts';
import { call } from '../support/accounts.ts';
import { ADDRESS, newEmail, stockedWare } from '../support/journeys.ts';
import { bearer, refuses, type Raw, type Row, type Sent } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

interface World {
  shop: Shop;
  sku: string;
  path: string;
}

let world: World;
beforeAll(async () => {
  const shop = await openShop();
  const { sku } = await stockedWare(shop, 9);
  const body = { lines: [{ sku, quantity: 2 }] };
  const made = await call<{ id: string }>(shop, 'POST', '/carts', { body });
  world = { shop, sku, path: `/carts/${made.body.id}` };
}, UP_LIMIT_MS);

const written = async ({ shop, path }: World) => (await call(shop, 'GET', path)).body['lines'];

const QUANTITIES: unknown[] = [0, -1, 1.5, '1', 2 ** 53, 10_001, null, true, [1], undefined];

const row = (
  name: string,
  sent: (here: World) => Sent,
  status = 400,
  code = 'INVALID_INPUT',
): Row<World> => [name, sent, status, code];

const adding = (body: (here: World) => unknown) => (here: World) => ({
  method: 'POST',
  path: `${here.path}/lines`,
  body: body(here),
});
const raw =
  (text: Raw, headers = {}) =>
  (here: World) => ({
    method: 'POST',
    path: `${here.path}/lines`,
    raw: text,
    headers,
  });

describe('a line', () => {
  refuses(
    [
      ...QUANTITIES.map((quantity) =>
        row(
          `of ${JSON.stringify(quantity)} units`,
          adding(({ sku }) => ({ sku, quantity })),
        ),
      ),
      ...QUANTITIES.map((quantity) =>
        row(`set to ${JSON.stringify(quantity)} units`, ({ path, sku }) => ({
          method: 'PUT',
          path: `${path}/lines/${sku}`,
          body: { quantity },
        })),
      ),
      row(
        'of nothing',
        adding(() => ({ quantity: 1 })),
      ),
      row(
        'of a sku that is not for sale',
        adding(() => ({ sku: `T-${newId('event')}`, quantity: 1 })),
      ),
      row(
        'of a sku of another shape',
        adding(() => ({ sku: "' or 1=1 --", quantity: 1 })),
      ),
      row(
        'with a price',
        adding(({ sku }) => ({ sku, quantity: 1, unitPrice: 0.01 })),
      ),
      row(
        'with a store',
        adding(({ sku }) => ({ sku, quantity: 1, storeId: newId('store') })),
      ),
      row('that is a text', raw('"a line"')),
      row('that is truncated', raw('{"sku":'), 400, 'MALFORMED_BODY'),
      row('with a field twice', raw('{"sku":"a","sku":"b","quantity":1}'), 400, 'MALFORMED_BODY'),
      row('with __proto__', raw('{"__proto__":{},"sku":"a"}'), 400, 'MALFORMED_BODY'),
      row('10,000 deep', raw('['.repeat(10_000)), 400, 'MALFORMED_BODY'),
      row(
        'as a form',
        raw('sku=a&quantity=1', { 'content-type': 'application/x-www-form-urlencoded' }),
        415,
        'UNSUPPORTED_MEDIA_TYPE',
      ),
      row('of more than 1 MiB', raw(`"${'x'.repeat(1_100_000)}"`), 413, 'BODY_TOO_LARGE'),
      row(
        'with a card number',
        adding(() => ({ sku: '4242424242424242', quantity: 1 })),
        400,
        'CARD_DATA_FORBIDDEN',
      ),
      row('of an invalid sku, to be removed,', ({ path }) => ({
        method: 'DELETE',
        path: `${path}/lines/${'x'.repeat(65)}`,
      })),
      row(
        'with a key of 256 characters',
        ({ path, sku }) => ({
          ...{ method: 'POST', path: `${path}/lines`, body: { sku, quantity: 1 } },
          headers: { 'idempotency-key': 'k'.repeat(256) },
        }),
        400,
        'INVALID_INPUT',
      ),
    ],
    () => world,
    written,
  );
});

describe('a cart', () => {
  const making = (body: unknown) => () => ({ method: 'POST', path: '/carts', body });
  const at =
    (path: string, method = 'GET', headers = {}) =>
    () => ({ method, path, headers });
  refuses(
    [
      row('of lines that are null', making({ lines: null })),
      row('of a line that is null', making({ lines: [null] })),
      row('with an id', making({ id: newCartId() })),
      row('with a total', making({ lines: [], total: 1 })),
      row('of 101 lines', ({ sku }) => ({
        ...{ method: 'POST', path: '/carts' },
        body: { lines: Array.from({ length: 101 }, () => ({ sku, quantity: 1 })) },
      })),
      row('that does not exist', at(`/carts/${newCartId()}`), 404, 'NOT_FOUND'),
      row('with an id of another kind', at(`/carts/${newId('order')}`), 404, 'NOT_FOUND'),
      row('with a path for an id', at('/carts/..%2F..%2Forders'), 404, 'NOT_FOUND'),
      row('read with an unknown parameter', at('/carts/crt_x?storeId=sto_other')),
      row('of one’s own, without a session', at('/cart'), 401, 'UNAUTHENTICATED'),
      row(
        'of one’s own, with a forged session',
        at('/cart', 'GET', bearer('hfs_forged')),
        401,
        'UNAUTHENTICATED',
      ),
      row('by PATCH', at(`/carts/${newCartId()}`, 'PATCH'), 405, 'METHOD_NOT_ALLOWED'),
    ],
    () => world,
    written,
  );
});

describe('a checkout from a cart', () => {
  const good = {
    email: newEmail(),
    shippingAddress: ADDRESS,
    paymentMethod: 'pm_card_visa',
  };
  const buying =
    (change: object, key: string | undefined = crypto.randomUUID()) =>
    ({ path }: World) => ({
      ...{ method: 'POST', path: `${path}/checkout`, body: { ...good, ...change } },
      headers: key === undefined ? {} : { 'idempotency-key': key },
    });
  refuses(
    [
      row('with lines', buying({ lines: [{ sku: 'a', quantity: 1 }] })),
      row('with a total', buying({ total: 0.01 })),
      row('without an e-mail', buying({ email: undefined })),
      row('with two e-mails', buying({ email: 'a@shop.example,b@shop.example' })),
      row('without an address', buying({ shippingAddress: undefined })),
      row('with an unknown payment method', buying({ paymentMethod: 'visa' })),
      row('with an expected total below zero', buying({ expectedTotal: -1 })),
      row("with another total than the cart's", buying({ expectedTotal: 1 }), 409, 'PRICE_CHANGED'),
      row(
        'without a key',
        (here) => ({ ...buying({})(here), headers: {} }),
        400,
        'IDEMPOTENCY_KEY_MISSING',
      ),
      row('with a short key', buying({}, 'short'), 400, 'INVALID_INPUT'),
      row(
        'with a card number as its key',
        buying({}, '4242424242424242'),
        400,
        'CARD_DATA_FORBIDDEN',
      ),
    ],
    () => world,
    written,
  );
});
