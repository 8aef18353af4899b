// Tests that a GraphQL query is charged by its cost before anything of it runs.
import { expect, test } from 'bun:test';
import { DomainError } from '../../../domain/errors.ts';
import { DEFAULT_STORE, newCartId } from '../../../domain/ids.ts';
import { createTelemetry } from '../../../telemetry/telemetry.ts';
import { appOf } from '../../http/app.ts';
import { graphqlRoutes, type GraphqlDeps } from './route.ts';

const CARTS = Array.from(
  { length: 60 },
  (_, at) => `c${at}: cart(id: "${newCartId()}") { id }`,
).join(' ');

/** The answer, what was charged beside the call itself, and how often a dependency was used. */
const asked = async (query: string, unitsLeft = 1_000) => {
  const charged: unknown[] = [];
  const uses: PropertyKey[] = [];
  const deps = new Proxy({} as GraphqlDeps, {
    get: (_target, name) => {
      uses.push(name);
      throw new Error('a dependency was used');
    },
  });
  const app = appOf({
    routes: graphqlRoutes(deps),
    telemetry: createTelemetry('charges-test', 'silent'),
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
    gate: async ({ authenticate, receive }) => {
      await receive?.();
      const charge = async (kind: string, units = 0): Promise<void> => {
        charged.push([kind, units]);
        if (units > unitsLeft) throw new DomainError('RATE_LIMITED', 'too many calls: slow down');
      };
      return { pass: { principal: await authenticate(), charge }, leave: (response) => response };
    },
  });
  const { status } = await app.request('http://shop.example/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return { status, charged, uses: uses.length };
};

test('60 carts in one query cost what 60 calls do', async () => {
  const { status, charged, uses } = await asked(`{ ${CARTS} }`);
  expect([status, charged, uses > 0]).toEqual([200, [['read', 59]], true]);
});

test('a query whose units are not left is refused before anything of it runs', async () => {
  expect(await asked(`{ ${CARTS} }`, 58)).toEqual({
    status: 429,
    charged: [['read', 59]],
    uses: 0,
  });
});

test('one read costs no more than its call', async () => {
  expect((await asked('{ me { id } }')).charged).toEqual([]);
});
