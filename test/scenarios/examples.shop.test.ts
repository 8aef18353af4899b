// Runs the examples of the pages for integrators as they are, in a shell.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { searched, stockedWare, type Ware } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
const PAGES = ['docs/http.md', 'docs/graphql.md', 'docs/connect.md'];

let shop: Shop;
let ware: Ware;
beforeAll(async () => {
  shop = await openShop();
  ware = await stockedWare(shop, 20);
  await searched(shop, ware);
}, UP_LIMIT_MS);

const examplesOf = (page: string): string[] =>
  [...readFileSync(page, 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);

for (const page of PAGES) {
  describe(`an example of ${page} works:`, () => {
    for (const [at, example] of examplesOf(page).entries()) {
      test(
        `number ${at + 1}`,
        async () => {
          const child = Bun.spawn(['bash', '-e', '-o', 'pipefail', '-c', example], {
            env: { ...shop.env, SKU: ware.sku, PATH: process.env['PATH'] ?? '' },
            stdio: ['ignore', 'pipe', 'pipe'],
          });
          const output = await new Response(child.stdout).text();
          const wrong = await new Response(child.stderr).text();
          expect([await child.exited, output + wrong]).toEqual([0, expect.stringMatching(/\S/)]);
        },
        LIMIT_MS,
      );
    }
  });
}
