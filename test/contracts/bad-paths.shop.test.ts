// Tests that unknown paths, methods, parameters and forged forwarding headers are refused.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import { bearer, expectProblem, send } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

/** Every public path with the methods it has. */
const PATHS: [path: string, allowed: string[]][] = [
  ['/heartbeat', ['GET']],
  ['/orders', ['POST', 'GET']],
  ['/orders/ord_a', ['GET']],
  ['/orders/ord_a/payment', ['POST']],
  ['/orders/ord_a/cancel', ['POST']],
  ['/orders/ord_a/events', ['GET']],
  ['/product', ['POST']],
  ['/product/prd_a', ['PUT', 'GET', 'DELETE']],
  ['/product/prd_a/stock', ['PUT', 'GET']],
  ['/product/prd_a/collections', ['PUT']],
  ['/products', ['GET']],
  ['/collection', ['POST']],
  ['/collection/col_a', ['PUT', 'DELETE', 'GET']],
  ['/collections', ['GET']],
  ['/graphql', ['GET', 'POST']],
  ['/webhooks/stripe', ['POST']],
  ['/webhooks/carrier', ['POST']],
  ['/recovery/overview', ['GET']],
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

describe('an unknown method is refused with Allow:', () => {
  for (const [path, allowed] of PATHS) {
    const wrong = METHODS.filter((method) => !allowed.includes(method));
    test(`${wrong.join(', ')} ${path}`, async () => {
      for (const method of wrong) {
        const response = await send(shop, { method, path });
        await expectProblem(response, 405, 'METHOD_NOT_ALLOWED');
        expect(response.headers.get('allow')?.split(', ')).toEqual(allowed);
      }
    });
  }
});

describe('an unknown path is refused: 404 NOT_FOUND', () => {
  const UNKNOWN_PATHS = [
    '/',
    '/nothing',
    '/product/',
    '/products/',
    '/PRODUCTS',
    '/product/prd_a/price',
    '/orders/ord_a/refund',
    '/metrics',
    '/ready',
    '/.env',
    '/%00',
    '/webhooks/paypal',
    '/recovery',
    '/holdfast.orders.v1.OrdersService/GetOrder',
    '/holdfast.inventory.v1.InventoryService/ReceiveStock',
  ];
  test('/imports/..%2fproducts, an id that would be another path', async () => {
    const headers = bearer(shop.env['STORE_KEY'] ?? '');
    const path = '/imports/..%2fproducts';
    await expectProblem(await send(shop, { method: 'GET', path, headers }), 404, 'NOT_FOUND');
  });

  for (const path of UNKNOWN_PATHS) {
    test(path, async () => {
      for (const method of ['GET', 'POST']) {
        const headers = bearer(shop.env['STORE_KEY'] ?? '');
        await expectProblem(await send(shop, { method, path, headers }), 404, 'NOT_FOUND');
      }
    });
  }
});

describe('an unknown query parameter is refused: 400 INVALID_INPUT', () => {
  for (const [method, path] of [
    ['GET', '/heartbeat'],
    ['GET', '/collections'],
    ['GET', '/product/prd_a'],
    ['GET', '/recovery/overview'],
    ['POST', '/orders'],
    ['POST', '/product'],
    ['POST', '/graphql'],
    ['POST', '/webhooks/stripe'],
    ['POST', '/webhooks/carrier'],
    ['GET', '/orders/ord_a'],
  ] as const) {
    test(`${method} ${path}`, async () => {
      const name = path === '/recovery/overview' ? 'OPERATOR_KEY' : 'STORE_KEY';
      const isShopping = /^\/(?:orders|graphql)/.test(path);
      const key = isShopping ? 'hfo_of-some-order' : (shop.env[name] ?? '');
      // A checkout needs no credential, and takes none of an order.
      const headers = path === '/orders' ? {} : bearer(key);
      const sent = { method, path: `${path}?debug=true`, headers };
      await expectProblem(await send(shop, sent), 400, 'INVALID_INPUT');
    });
  }
});

describe('a request id', () => {
  const refusedWith = async (id: string) => {
    const headers = { 'x-request-id': id };
    const response = await send(shop, { method: 'GET', path: '/nothing', headers });
    return (await expectProblem(response, 404, 'NOT_FOUND')).requestId;
  };

  test('that is valid is kept', async () => {
    const id = newId('event');
    expect(await refusedWith(id)).toBe(id);
  });

  for (const id of ['x'.repeat(65), '{"level":"info"}', '<script>alert(1)</script>']) {
    test(`that is ${id.slice(0, 20)} is not`, async () => {
      expect(await refusedWith(id)).not.toBe(id);
    });
  }
});
