// Tests that the checked-in OpenAPI descriptions equal the routes, and that they are served.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { describedShop, SHOP_OPENAPI_FILE } from '../../apis/gateway/description.ts';
import { everyRoute } from '../../ops/contracts/permissions.ts';
import { describedProducts, OPENAPI_FILE } from '../../apis/products/routes.ts';
import { describedRecovery, RECOVERY_OPENAPI_FILE } from '../../apis/recovery/routes.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const checkedIn = (): unknown => JSON.parse(readFileSync(OPENAPI_FILE, 'utf8'));

describe('the description of the shop', () => {
  test('equals the routes (bun ops/generate.ts)', () => {
    const described = JSON.parse(JSON.stringify(describedShop(everyRoute()['gateway'] ?? [])));
    expect(described).toEqual(JSON.parse(readFileSync(SHOP_OPENAPI_FILE, 'utf8')));
  });

  test('is served, and names the carts', async () => {
    const json = await fetch(`${shop.env['GATEWAY_URL']}/shop/openapi.json`);
    const { paths } = (await json.json()) as { paths: Record<string, unknown> };
    expect(Object.keys(paths)).toContain('/carts/{id}/checkout');
  });
});

test('the description of Order Recovery equals its routes', () => {
  const described = JSON.parse(JSON.stringify(describedRecovery()));
  expect(described).toEqual(JSON.parse(readFileSync(RECOVERY_OPENAPI_FILE, 'utf8')));
});

describe('the description of the Products API', () => {
  test('equals the routes (bun ops/generate.ts)', () => {
    expect(JSON.parse(JSON.stringify(describedProducts()))).toEqual(checkedIn());
  });

  test('is served by the gateway, and as a page that loads nothing', async () => {
    const json = await fetch(`${shop.env['GATEWAY_URL']}/openapi.json`);
    expect(await json.json()).toEqual(checkedIn());
    const page = await fetch(`${shop.env['GATEWAY_URL']}/docs`);
    const text = await page.text();
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(text).toContain('POST</b> /imports');
    expect(text).not.toMatch(/<script|<link|src=|@import/);
  });

  test('names every path that the gateway proxies to Products, and no other', () => {
    const gateway = readFileSync('apis/gateway/passed-on.ts', 'utf8');
    const [, block = ''] = /proxied\(products, \[\n(.*?)\n {2}\]\)/s.exec(gateway) ?? [];
    const passed = [...block.matchAll(/\['(\w+)', '([^']+)', '[\w:]+'\]/g)]
      .map(([, method, path = '']) => `${method} ${path.replace(/\/:(\w+)/g, '/{$1}')}`)
      .filter((one) => !['get /openapi.json', 'get /docs'].includes(one));
    const { paths } = checkedIn() as { paths: Record<string, Record<string, unknown>> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect([...passed, 'post /imports'].toSorted()).toEqual(described.toSorted());
  });
});
