// Tests every route and call with every role and a foreign tenant, against the permissions page.
import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import type { Route } from '../../apis/http/routes.ts';
import { mapBounded } from '../../concurrency/chunks.ts';
import { newCartId, newId, type StoreId } from '../../domain/ids.ts';
import {
  type Field,
  FIELDS,
  isAllowed,
  mayCall,
  type Permission,
  type Role,
  SERVICE_CALLS,
  STORE_SCOPES,
} from '../../domain/permissions.ts';
import {
  everyField,
  everyRoute,
  permissionsPage,
  PERMISSIONS_FILE,
} from '../../ops/contracts/permissions.ts';
import { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { OrdersService } from '../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import { call, confirmedMember, newMember } from '../support/accounts.ts';
import { JSON_TYPE, placeOrder, stockedWare } from '../support/journeys.ts';
import { bearer, catalogueOf, newKey } from '../support/refusals.ts';
import { serviceToken } from '../support/service-tokens.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 180_000;
/** Concurrent requests: the walk is long, the machine is not large. */
const AT_ONCE = 6;
/** These routes end the caller's own session, so each is called with a session of its own. */
const ENDING = ['/auth/sign-out', '/auth/revoke-other-sessions'];
/** Public on one machine, where Temporal's UI has no sign-in; for operators elsewhere. */
const OPEN_HERE = '/codec/decode';

type Who =
  | 'anyone'
  | 'garbage'
  | 'guest'
  | 'account'
  | 'clerk'
  | 'manager'
  | 'owner'
  | 'key'
  | 'operator';
/** The capacities of each credential; people are accounts as well. */
const CAPACITIES: Record<Who, Role[]> = {
  anyone: ['anyone'],
  /** A text that is no credential. */
  garbage: [],
  guest: ['guest'],
  account: ['account'],
  clerk: ['clerk', 'account'],
  manager: ['manager', 'account'],
  owner: ['owner', 'account'],
  key: ['key'],
  operator: ['operator'],
};
const WHO = Object.keys(CAPACITIES) as Who[];

const may = (who: Who, needs: Permission): boolean =>
  needs === 'public' || CAPACITIES[who].some((role) => isAllowed(role, needs));

interface Tenant {
  storeId: StoreId;
  /** The credential of each caller. */
  shown: Record<Who, string | undefined>;
  ids: Record<string, string>;
}

let shop: Shop;
let mine: Tenant;
let theirs: Tenant;

const newTenant = async (): Promise<Tenant> => {
  const storeId = newId('store');
  const key = await newKey(shop, storeId, STORE_SCOPES);
  const operator = shop.env['OPERATOR_KEY'] ?? '';
  const people = await Promise.all(
    (['clerk', 'manager', 'owner'] as const).map(async (role) => {
      const member = await confirmedMember(shop);
      const body = { email: member.email, role };
      const token = operator;
      expect((await call(shop, 'POST', `/stores/${storeId}/staff`, { token, body })).status).toBe(
        200,
      );
      return [role, member] as const;
    }),
  );
  const made = <T = { id: string }>(path: string, body: object) =>
    call<T & { id: string }>(shop, 'POST', path, { token: key, body });
  const product = await made('/product', { name: 'Walked', price: 5 });
  const collection = await made('/collection', { name: 'Walked', description: '' });
  const ownKey = await made(`/nowhere`, {});
  expect([product.status, collection.status, ownKey.status]).toEqual([201, 201, 404]);
  const [row] = await shop.sql`select id from identity.api_keys where store_id = ${storeId}`;
  const { sku } = await stockedWare(shop, 2);
  const paymentMethod = 'pm_card_authenticationRequired';
  const { body: order } = await placeOrder(shop, { sku, paymentMethod });
  const account = await newMember(shop);
  return {
    storeId,
    shown: {
      anyone: undefined,
      garbage: 'a.garbage.token',
      guest: order.accessToken,
      account: account.token,
      key,
      operator,
      ...(Object.fromEntries(people.map(([role, { token }]) => [role, token])) as Record<
        'clerk' | 'manager' | 'owner',
        string
      >),
    },
    ids: {
      product: product.body.id,
      collection: collection.body.id,
      imports: newId('import'),
      orders: order.id,
      carts: newCartId(),
      sku,
      batches: newId('action'),
      disputes: 'dp_nowhere',
      returns: newId('return'),
      storeId,
      keyId: String(row?.['id']),
      returnId: newId('return'),
      email: people[0]?.[1].email ?? '',
    },
  };
};

beforeAll(async () => {
  shop = await openShop();
  mine = await newTenant();
  theirs = await newTenant();
}, UP_LIMIT_MS);

/** The path with a tenant's own ids, or with ids of objects that do not exist. */
const filled = (path: string, { ids }: Tenant, real: boolean): string =>
  path.replace(/(?<=\/):(\w+)/g, (_, name: string) => {
    const noun = name === 'id' ? (/(\w+)\/:id/.exec(path)?.[1] ?? '') : name;
    const id = ids[noun];
    if (id === undefined) throw new Error(`no id for ${noun} of ${path}`);
    if (real || name === 'storeId') return encodeURIComponent(id);
    if (name === 'sku') return id;
    return name === 'email' ? 'unknown%40shop.example' : id.replace(/_.*/, '_0000000000walked');
  });

const URLS: Record<string, string> = {
  gateway: 'GATEWAY_URL',
  products: 'PRODUCTS_URL',
  search: 'SEARCH_URL',
  inventory: 'INVENTORY_URL',
  orders: 'ORDERS_URL',
  recovery: 'RECOVERY_URL',
};

interface Step {
  service: string;
  route: Route;
  who: Who;
}

const request = async ({ service, route }: Step, path: string, token: string | undefined) => {
  const hasBody = route.method === 'post' || route.method === 'put';
  const response = await fetch(`${shop.env[URLS[service] ?? '']}${path}`, {
    method: route.method.toUpperCase(),
    headers: {
      ...JSON_TYPE,
      'idempotency-key': crypto.randomUUID(),
      ...(token !== undefined && bearer(token)),
    },
    ...(hasBody && { body: '{}' }),
  });
  return { status: response.status, text: await response.text() };
};

const STEPS: Step[] = Object.entries(everyRoute()).flatMap(([service, routes]) =>
  routes
    .filter(({ path, method }) => path !== OPEN_HERE && method !== 'options')
    .flatMap((route) => WHO.map((who) => ({ service, route, who }))),
);

/** Runs the steps a few at a time, and gathers what is wrong. */
const walked = async (steps: Step[], judge: (step: Step) => Promise<unknown>) => {
  const answers = await mapBounded(steps, AT_ONCE, async (step) => {
    const found = await judge(step);
    const { service, route, who } = step;
    return found ? [[`${service}: ${route.method} ${route.path} by ${who}`, found]] : [];
  });
  return answers.flat();
};

const stateOf = async ({ storeId, ids }: Tenant): Promise<unknown> => {
  const [row] = await shop.sql`select
    (select json_agg(json_build_array(id, expires_at, name) order by id) from identity.api_keys
      where store_id = ${storeId}) as keys,
    (select json_agg(json_build_array(email, role) order by email) from identity.staff_members
      where store_id = ${storeId}) as staff,
    (select json_build_array(status, sequence) from orders.orders
      where id = ${ids['orders'] ?? ''}) as "order",
    (select count(*) from orders.recovery_actions
      where order_id = ${ids['orders'] ?? ''}) as actions`;
  return { ...row, catalogue: await catalogueOf(shop, storeId) };
};

/** The expected refusal: 401 without a credential; else 403, or 404 for hidden objects. */
const refusals = (who: Who): number[] =>
  ['anyone', 'garbage'].includes(who) ? [401] : who === 'guest' ? [401, 404] : [403, 404];

describe('each permission', () => {
  test('is on the generated page (bun ops/generate.ts)', () => {
    expect(permissionsPage()).toBe(readFileSync(PERMISSIONS_FILE, 'utf8'));
  });

  test('is checked by the gateway and by the service behind it', () => {
    const { gateway = [], ...behind } = everyRoute();
    const own = new Map(gateway.map((route) => [`${route.method} ${route.path}`, route.needs]));
    const differing = Object.values(behind)
      .flat()
      .filter(({ path }) => path !== '/graphql')
      .filter(({ method, path, needs }) => {
        const requested = own.get(`${method} ${path}`);
        return requested !== undefined && requested !== needs;
      });
    expect(differing).toEqual([]);
  });

  test(
    'refuses every caller without it, on every route, and changes nothing',
    async () => {
      const before = await stateOf(mine);
      const steps = STEPS.filter(({ who, route }) => !may(who, route.needs));
      expect(steps.length).toBeGreaterThan(300);
      const wrong = await walked(steps, async (step) => {
        // Guests send the token of another order: their own order they may use.
        const token = (step.who === 'guest' ? theirs : mine).shown[step.who];
        const { status } = await request(step, filled(step.route.path, mine, true), token);
        return refusals(step.who).includes(status) ? undefined : status;
      });
      expect(wrong).toEqual([]);
      expect(await stateOf(mine)).toEqual(before);
    },
    LIMIT_MS,
  );

  test(
    'admits every caller with it, on every route',
    async () => {
      const steps = STEPS.filter(({ who, route: { needs } }) => may(who, needs));
      const wrong = await walked(steps, async (step) => {
        const { who, route } = step;
        let token = mine.shown[who];
        if (ENDING.includes(route.path)) {
          if (who !== 'account') return undefined;
          token = (await newMember(shop)).token;
        }
        // A guest's token is for its own order; nothing else exists here.
        const real = who === 'guest' && route.needs === 'own-order' && route.method === 'get';
        const { status, text } = await request(step, filled(route.path, mine, real), token);
        if (status === 404 && text.includes('no such path')) return text;
        const refusal = status === 401 && !text.includes('INVALID_CREDENTIALS');
        return refusal || status === 403 || status >= 500 ? [status, text] : undefined;
      });
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "stops at the tenant: another tenant's object is not found and stays unchanged",
    async () => {
      const before = await stateOf(mine);
      // A line of one's own cart is named by its sku, and is no other tenant's.
      const isMine = ({ route: { path, needs } }: Step): boolean =>
        path.includes('/:') &&
        !['public', 'recovery'].includes(needs) &&
        !path.startsWith('/cart/');
      // The house is of every store; all others are of one.
      const steps = STEPS.filter((step) => isMine(step) && step.who !== 'operator').filter(
        ({ who, route }) => may(who, route.needs),
      );
      expect(steps.length).toBeGreaterThan(100);
      const wrong = await walked(steps, async (step) => {
        const path = filled(step.route.path, mine, true);
        const { status, text } = await request(step, path, theirs.shown[step.who]);
        // A body may be refused first; no object is found behind it.
        const isHidden = status === 404 || (status === 400 && !text.includes(mine.storeId));
        return isHidden ? undefined : [status, text];
      });
      expect(wrong).toEqual([]);
      const lists = await walked(
        STEPS.filter(
          ({ route, who }) =>
            route.method === 'get' && !route.path.includes('/:') && may(who, route.needs),
        ).filter(({ who }) => who !== 'operator'),
        async (step) => {
          const { text } = await request(step, step.route.path, theirs.shown[step.who]);
          return (
            text.includes(mine.storeId) || text.includes(mine.ids['orders'] ?? '') || undefined
          );
        },
      );
      expect(lists).toEqual([]);
      expect(await stateOf(mine)).toEqual(before);
    },
    LIMIT_MS,
  );
});

/** A query of each field: of an order or a cart by id, and harmless where it is allowed. */
const QUESTIONS: Record<Field, (ids: Record<string, string>) => string> = {
  'Query.products': () => '{ products(first: 1) { edges { cursor } } }',
  'Query.product': ({ product }) => `{ product(id: "${product}") { id } }`,
  'Query.collections': () => '{ collections { id } }',
  'Query.suggest': () => '{ suggest(prefix: "wal") { words } }',
  'Query.asOf': () => '{ asOf }',
  'Query.me': () => '{ me { id } }',
  'Query.orders': () => '{ orders(first: 1) { edges { node { id } } } }',
  'Query.order': ({ orders }) => `{ order(id: "${orders}") { id timeline { type } } }`,
  'Query.cart': ({ carts }) => `{ cart(id: "${carts}") { lines { sku } } }`,
  'Mutation.placeOrder': () =>
    'mutation { placeOrder(input: { lines: [], paymentMethod: "pm_x", ' +
    'shippingAddress: { name: "", line1: "", city: "", postalCode: "", country: "" } }) { id } }',
  'Mutation.providePayment': ({ orders }) =>
    `mutation { providePayment(orderId: "${orders}") { id } }`,
  'Mutation.cancelOrder': ({ orders }) => `mutation { cancelOrder(orderId: "${orders}") { id } }`,
  'Mutation.requestReturn': ({ orders }) =>
    `mutation { requestReturn(orderId: "${orders}", input: { lines: [{ sku: "X", quantity: 1 }] }) { id } }`,
  'Mutation.addToCart': ({ carts }) =>
    `mutation { addToCart(cartId: "${carts}", sku: "X") { id } }`,
  'Mutation.setCartLine': ({ carts }) =>
    `mutation { setCartLine(cartId: "${carts}", sku: "X", quantity: 1) { id } }`,
  'Mutation.removeCartLine': ({ carts }) =>
    `mutation { removeCartLine(cartId: "${carts}", sku: "X") { id } }`,
  'Mutation.mergeCart': ({ carts }) => `mutation { mergeCart(cartId: "${carts}") { id } }`,
  'Mutation.checkoutCart': ({ carts }) =>
    `mutation { checkoutCart(cartId: "${carts}", input: { paymentMethod: "pm_x", ` +
    'shippingAddress: { name: "", line1: "", city: "", postalCode: "", country: "" } }) { id } }',
};
const FIELD_NAMES = Object.keys(FIELDS) as Field[];

interface Outcome {
  data?: Record<string, unknown> | null;
  errors?: { extensions?: { code?: string } }[];
  /** Of a call that is refused as a whole. */
  code?: string;
}

describe('each field of GraphQL', () => {
  /** The code of the refusal; else `null` for no object and `there` for one. */
  const requested = async (
    field: Field,
    ids: Record<string, string>,
    token: string | undefined,
  ) => {
    const response = await fetch(`${shop.env['GATEWAY_URL']}/graphql`, {
      method: 'POST',
      headers: {
        ...JSON_TYPE,
        'idempotency-key': crypto.randomUUID(),
        ...(token !== undefined && bearer(token)),
      },
      body: JSON.stringify({ query: QUESTIONS[field](ids) }),
    });
    const { data, errors, code: refused } = (await response.json()) as Outcome;
    const code = refused ?? errors?.[0]?.extensions?.code;
    return code ?? (Object.values(data ?? {})[0] === null ? 'null' : 'there');
  };
  const CLOSED = ['UNAUTHENTICATED', 'FORBIDDEN', 'PERMISSION_DENIED'];

  test(
    'is answered to callers with the permission, and to no others',
    async () => {
      const wrong: unknown[] = [];
      for (const field of FIELD_NAMES) {
        for (const who of WHO) {
          // The ids do not exist: an allowed call finds nothing and changes nothing.
          const ids = { ...mine.ids, orders: newId('order'), carts: newCartId() };
          const code = await requested(field, ids, mine.shown[who]);
          const needs = FIELDS[field];
          // A guest may do what the token's own order permits, and nothing with any other.
          const isOther = who === 'guest' && needs === 'own-order';
          const isLetIn = !CLOSED.includes(code);
          const isRight = may(who, needs) && !isOther ? isLetIn : !isLetIn || code === 'NOT_FOUND';
          if (!isRight || code === 'INTERNAL') wrong.push([field, who, code]);
        }
      }
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );

  test(
    "stops at the owner: another's order is not found and stays unchanged",
    async () => {
      const before = await stateOf(mine);
      const wrong: unknown[] = [];
      for (const field of FIELD_NAMES.filter((one) => FIELDS[one] === 'own-order')) {
        for (const who of WHO) {
          const code = await requested(field, mine.ids, theirs.shown[who]);
          if (![...CLOSED, 'NOT_FOUND'].includes(code)) wrong.push([field, who, code]);
        }
      }
      expect(wrong).toEqual([]);
      expect(await stateOf(mine)).toEqual(before);
      expect(await requested('Query.order', mine.ids, mine.shown.guest)).toBe('there');
    },
    LIMIT_MS,
  );
});

describe('the table of calls between services', () => {
  const ALL = [ProductsService, InventoryService, OrdersService].flatMap((service) =>
    service.methods.map(({ name, methodKind }) => ({
      name: `${service.typeName}/${name}`,
      isStream: methodKind === 'server_streaming',
    })),
  );
  const METHODS = ALL.map(({ name }) => name);
  const STREAMS = ALL.filter(({ isStream }) => isStream).map(({ name }) => name);
  const SUBJECTS = ['gateway', 'search', 'orders', 'recovery', 'worker', 'local'];

  test('has a line for every call, and no other', () => {
    expect(Object.keys(SERVICE_CALLS).toSorted()).toEqual(METHODS.toSorted());
    expect(Object.keys(FIELDS).toSorted()).toEqual(everyField().toSorted());
  });

  /** One message of a stream, in Connect's envelope. */
  const ENVELOPED = '\0\0\0\0\u0002{}';
  const answerOf = async (name: string, subject: string, storeId = 'sto_default', body = '{}') => {
    const service = name.split('.')[1] ?? '';
    const isStream = STREAMS.includes(name);
    const response = await fetch(`${shop.env[URLS[service] ?? '']}/${name}`, {
      method: 'POST',
      headers: {
        'content-type': isStream ? 'application/connect+json' : 'application/json',
        ...bearer(await serviceToken({ audience: service, subject, storeId })),
      },
      body: isStream ? ENVELOPED : body,
    });
    return response.text();
  };

  test(
    'holds for every call and every service',
    async () => {
      const wrong: unknown[] = [];
      for (const name of METHODS) {
        for (const subject of SUBJECTS) {
          // An allowed watch would not end, so only its refusals are tested.
          if (STREAMS.includes(name) && mayCall(subject, name)) continue;
          const text = await answerOf(name, subject);
          const refused = text.includes('permission_denied');
          const unknown = text.includes('unauthenticated');
          if (unknown || refused === mayCall(subject, name)) wrong.push([name, subject, text]);
        }
      }
      expect(wrong).toEqual([]);
    },
    LIMIT_MS,
  );

  test('stops at the tenant: an order of another store is not found', async () => {
    const orderId = mine.ids['orders'] ?? '';
    const calls = METHODS.filter((name) => /(?:GetOrder|ListOrderEvents|CancelOrder)$/.test(name));
    expect(calls).toHaveLength(3);
    for (const name of calls) {
      const text = await answerOf(name, 'gateway', newId('store'), JSON.stringify({ orderId }));
      expect([name, text]).toEqual([name, expect.stringContaining('not_found')]);
    }
  });
});
