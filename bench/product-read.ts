// Measures a product read through the gateway against Bun.serve returning the same JSON.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ROOT, type Instance } from '../ops/instance.ts';
import { call } from '../ops/sample/load.ts';
import { startBeside } from './beside.ts';
import { rested, settled, withCatalogue } from './catalogue.ts';
import { compare, familyOf, type Figures, type Plan } from './method.ts';

const ECHO_PORT_SHIFT = 190;

/** The persisted query of a product page, whose response caches may store. */
const PAGE = createHash('sha256')
  .update(readFileSync(resolve(ROOT, 'apis', 'search', 'operations', 'public-product.graphql')))
  .digest('hex');

interface Read {
  path(id: string): string;
  /** With a store's key, or without credentials. */
  withKey?: boolean;
  /** The services whose CPU counts. */
  services: string[];
}

const measuring =
  ({ path, services, withKey = false }: Read) =>
  (instance: Instance, plan: Plan): Promise<Figures> =>
    withCatalogue(instance, async (bench) => {
      const { env, pidOf } = bench;
      const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
      const { id } = (await call(shop, 'POST', '/product', { name: 'Bench', price: 1 })) as {
        id: string;
      };
      await settled(bench);
      await rested(bench);
      const url = `${shop.gatewayUrl}${path(id)}`;
      const init = withKey ? { headers: { authorization: `Bearer ${shop.storeKey}` } } : {};
      const body = await (await fetch(url, init)).text();
      if (!body.includes(id)) throw new Error(`${url} answered ${body.slice(0, 300)}`);
      const echo = await startBeside('echo.ts', instance.portBase + ECHO_PORT_SHIFT, body);
      const read = async (from: string): Promise<void> => {
        const response = await fetch(from, init);
        if ((await response.text()) !== body) throw new Error('a read answered something else');
      };
      try {
        return await compare(
          { pids: () => [echo.pid], operation: () => read(echo.url) },
          {
            pids: () => services.flatMap((name) => familyOf(pidOf(name))),
            operation: () => read(url),
          },
          plan,
        );
      } finally {
        await echo.end();
        await call(shop, 'DELETE', `/product/${id}`);
      }
    });

/** A cached read by URL, as shoppers make it. */
export const productRead = {
  aim: 0.85,
  measure: measuring({
    path: (id) => {
      const variables = JSON.stringify({ id });
      return `/graphql?${new URLSearchParams({ documentId: PAGE, variables }).toString()}`;
    },
    // Cassandra is read once a second, so its other work would dominate and is not counted.
    services: ['gateway', 'search', 'redis', 'redis-limits'],
  }),
};

/** An uncached read with a store's key. */
export const productOfStore = {
  aim: 'none: never kept',
  measure: measuring({
    path: (id) => `/product/${id}`,
    withKey: true,
    services: ['gateway', 'products', 'redis-limits', 'postgres'],
  }),
};

/** Measures the store read of the same product against one prepared statement. */
const measureStore = (instance: Instance, plan: Plan): Promise<Figures> =>
  withCatalogue(instance, async ({ env, sql, pidOf, postgresPids }) => {
    const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
    const { id } = (await call(shop, 'POST', '/product', { name: 'Bench', price: 1 })) as {
      id: string;
    };
    const headers = { authorization: `Bearer ${shop.storeKey}` };
    const select = () => sql`select p.*,
        (select json_agg(v order by v.position, v.sku) from products.variants v
          where v.product_id = p.id) as variants,
        (select array_agg(m.collection_id) from products.product_collections m
          where m.product_id = p.id) as collections
      from products.products p where store_id = 'sto_default' and id = ${id}`;
    const read = async (): Promise<void> => {
      const response = await fetch(`${env['PRODUCTS_URL']}/product/${id}`, { headers });
      if (!response.ok) throw new Error(`a read answered ${response.status}`);
      await response.text();
    };
    return compare(
      { pids: postgresPids, operation: select },
      { pids: () => [pidOf('products'), ...postgresPids()], operation: read },
      plan,
    );
  });

export const productFromStore = { aim: 0.5, measure: measureStore };
