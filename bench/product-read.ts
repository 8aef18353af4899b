// A product read through the gateway, against Bun.serve answering the same JSON.
import { resolve } from 'node:path';
import { publicEnvironment } from '../ops/environment.ts';
import { ROOT, type Instance } from '../ops/instance.ts';
import { call } from '../ops/sample/load.ts';
import { runningOf, until } from '../ops/supervise.ts';
import { withCatalogue } from './catalogue.ts';
import { compare, familyOf, type Figures, type Plan } from './method.ts';

const ECHO_PORT_SHIFT = 190;
const START_LIMIT_MS = 10_000;

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (response) => response.ok,
    () => false,
  );

const measure = async (instance: Instance, plan: Plan): Promise<Figures> => {
  const env = await publicEnvironment(instance);
  const shop = { gatewayUrl: env['GATEWAY_URL'] ?? '', storeKey: env['STORE_KEY'] ?? '' };
  const { id } = (await call(shop, 'POST', '/product', { name: 'Bench', price: 1 })) as {
    id: string;
  };
  const url = `${shop.gatewayUrl}/product/${id}`;
  const headers = { authorization: `Bearer ${shop.storeKey}` };
  const body = await (await fetch(url, { headers })).text();
  const port = instance.portBase + ECHO_PORT_SHIFT;
  const echoUrl = `http://127.0.0.1:${port}/`;
  const entry = resolve(ROOT, 'bench', 'echo.ts');
  const echo = Bun.spawn([process.execPath, entry, String(port), body], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const read = async (from: string): Promise<void> => {
    const response = await fetch(from, { headers });
    if ((await response.text()) !== body) throw new Error('a read answered something else');
  };
  const pidOf = (name: string): number => runningOf(instance, name)?.pid ?? 0;
  try {
    if (!(await until(() => answers(echoUrl), START_LIMIT_MS))) throw new Error('no echo');
    return await compare(
      { pids: () => [echo.pid], operation: () => read(echoUrl) },
      {
        pids: () => [pidOf('gateway'), pidOf('products'), ...familyOf(pidOf('postgres'))],
        operation: () => read(url),
      },
      plan,
    );
  } finally {
    echo.kill();
    await echo.exited;
    await call(shop, 'DELETE', `/product/${id}`);
  }
};

/** The aim: the gateway's read costs at most 1/0.85 of the echo's. */
export const productRead = { aim: 0.85, measure };

/** The same product by one prepared statement, and nothing around it. */
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
