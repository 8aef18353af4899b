// Tests that invalid and too large GraphQL queries are refused with INVALID_INPUT.
import { beforeAll, describe, expect, test } from 'bun:test';
import { DEFAULT_STORE } from '../../domain/ids.ts';
import { createCursors } from '../../apis/http/cursors.ts';
import { appOf } from '../../apis/http/app.ts';
import { graphqlRoute } from '../../apis/search/graphql.ts';
import type { SearchDeps } from '../../apis/search/context.ts';
import { withDeadline } from '../../concurrency/deadline.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { expectNoInsides, expectProblem, send, type Sent } from '../support/refusals.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const SOON_MS = 2_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const posting = (body: unknown): Sent => ({ method: 'POST', path: '/graphql', body });

interface Refused {
  data?: unknown;
  errors: { message: string; extensions: { code: string } }[];
}

const COUNT = '{ matches { count } }';
const many = (count: number, one: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => one(at)).join(' ');
const nested = (depth: number): string =>
  `${'{ ... on Query '.repeat(depth)}{ x }${'}'.repeat(depth)}`;
const deep = (depth: number): string =>
  `{ products { edges { node { ${'media { '.repeat(depth)}url${' }'.repeat(depth)} } } } }`;
/**
 * Each fragment spreads the next one twice: 2^depth visits for a walk that does not count spreads.
 */
const doubling = (depth: number, last: string): string =>
  `{ ...f0 } ${many(depth, (at) => `fragment f${at} on Query { ...f${at + 1} ...f${at + 1} }`)}
    fragment f${depth} on Query { ${last} }`;

type Question = [name: string, query: string, variables?: unknown];

const WRONG: Question[] = [
  ['that does not parse', '{ products('],
  ['with an unknown field', '{ orders { id } }'],
  ['with an unknown field of a product', '{ products { edges { node { cost } } } }'],
  ['with an unknown argument', `{ products(store: "x") ${COUNT} }`],
  ['without a selection', '{ products }'],
  ['without a required argument', `{ products(attributes: [{ name: "a" }]) ${COUNT} }`],
  ['with an unknown sort', `{ products(sort: CHEAPEST) ${COUNT} }`],
  ['with a number for a text', `{ products(text: 5) ${COUNT} }`],
  ['that is a mutation', 'mutation { deleteProduct(id: "x") { id } }'],
  ['that is a subscription', 'subscription { products { asOf } }'],
  ['of two operations without a name', 'query a { __typename } query b { __typename }'],
  ['without an operation', `fragment f on Query { products ${COUNT} }`],
  ['with an undefined fragment', '{ ...nothing }'],
  ['with a fragment inside itself', '{ ...f } fragment f on Query { __typename ...f }'],
  [
    'with two fragments inside each other',
    '{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }',
  ],
];

const VARIABLES: Question[] = [
  ['with a text for a number', `query ($f: Int) { products(first: $f) ${COUNT} }`, { f: 'ten' }],
  ['with a fraction', `query ($f: Int) { products(first: $f) ${COUNT} }`, { f: 1.5 }],
  ['with more than 32 bits', `query ($f: Int) { products(first: $f) ${COUNT} }`, { f: 2 ** 31 }],
  ['with a list for a text', `query ($t: String) { products(text: $t) ${COUNT} }`, { t: ['a'] }],
  ['without a required variable', 'query ($id: ID!) { product(id: $id) { id } }', {}],
  [
    'with null for a required variable',
    'query ($id: ID!) { product(id: $id) { id } }',
    { id: null },
  ],
  ['with an undeclared variable', `{ products(text: $text) ${COUNT} }`, { text: 'a' }],
  ['with a variable of another type', `query ($t: Boolean) { products(text: $t) ${COUNT} }`],
];

const VALUES: Question[] = [
  ['for 0 products', `{ products(first: 0) ${COUNT} }`],
  ['for -1 products', `{ products(first: -1) ${COUNT} }`],
  ['for 101 products', `{ products(first: 101) ${COUNT} }`],
  ['for a billion products', `{ products(first: 1000000000) ${COUNT} }`],
  ['for null products', `{ products(first: null) ${COUNT} }`],
  ['after a forged cursor', `{ products(after: "Zm9yZ2VkLWZvcmdlZC1mb3JnZWQ") ${COUNT} }`],
  ['for a text of 201 characters', `{ products(text: "${'x'.repeat(201)}") ${COUNT} }`],
  ['for a price below zero', `{ products(priceMin: -1) ${COUNT} }`],
  ['for a price of 1e300', `{ products(priceMax: 1e300) ${COUNT} }`],
  ['for a price of a tenth of a cent', `{ products(priceMin: 0.001) ${COUNT} }`],
  [
    'for eleven attributes',
    `{ products(attributes: [${many(11, () => '{ name: "a", value: "b" }')}]) ${COUNT} }`,
  ],
  ['for a product without an id', '{ product { id } }'],
  ['for a product by id and slug', '{ product(id: "prd_a", slug: "a") { id } }'],
];

/** Refusals of the guard: such a query never reaches the schema. */
const LIMITS = /deeper than 12|more than 300 fields|2000 tokens/;

const TOO_MUCH: Question[] = [
  ['13 deep', deep(10)],
  ['1,000 deep', deep(900)],
  ['of 400 inline fragments', nested(400)],
  ['of 301 aliases', `{ ${many(301, (at) => `a${at}: __typename`)} }`],
  ['of 3,000 tokens', `{ ${many(3_000, () => 'a')} }`],
  ['of fragments that double 40 times', doubling(40, '__typename')],
  ['of fragments that double 40 times and have no field', doubling(40, '...f40')],
];

const refusesQuestions = (questions: Question[], status = 400, why = /\S/): void => {
  for (const [name, query, variables] of questions) {
    test(`${name} is refusedwithin a second: INVALID_INPUT`, async () => {
      const posted = posting({ query, ...(variables !== undefined && { variables }) });
      const late = () => new Error(`no response within ${SOON_MS} ms`);
      const response = await withDeadline(() => send(shop, posted), SOON_MS, late);
      const text = await response.text();
      expectNoInsides(text);
      const { data, errors } = JSON.parse(text) as Refused;
      expect(errors[0]?.extensions.code).toBe('INVALID_INPUT');
      expect(errors[0]?.message).toMatch(why);
      expect(Object.values(data ?? {})).toEqual(status === 400 ? [] : [null]);
      expect([response.status, response.headers.get('content-type')]).toEqual([
        status,
        'application/json',
      ]);
    });
  }
};

describe('a GraphQL query', () => refusesQuestions(WRONG));
describe('a GraphQL variable', () => refusesQuestions(VARIABLES));
describe('a GraphQL query', () => {
  refusesQuestions(VALUES.filter(([, query]) => query.startsWith('{ products')));
  refusesQuestions(
    VALUES.filter(([, query]) => query.startsWith('{ product(') || query.startsWith('{ product {')),
    200,
  );

  test('without a sort gets the newest first', async () => {
    const response = await send(shop, posting({ query: `{ products(sort: null) ${COUNT} }` }));
    expect([response.status, Object.keys((await response.json()) as object)]).toEqual([
      200,
      ['data'],
    ]);
  });
});
describe('a GraphQL query that is too large:', () => refusesQuestions(TOO_MUCH, 400, LIMITS));

describe('the GraphQL route refuses', () => {
  const query = '{ __typename }';
  const BODIES: [name: string, body: unknown][] = [
    ['a list of queries', [{ query }, { query }]],
    ['no query', {}],
    ['an empty query', { query: '' }],
    ['a query that is a number', { query: 5 }],
    ['a query of 20,001 characters', { query: query.padEnd(20_001, ',') }],
    ['variables that are a list', { query, variables: ['a'] }],
    ['variables that are a text', { query, variables: '{}' }],
    ['an operation name that is a number', { query, operationName: 5 }],
    ['an unknown field', { query, raw: true }],
  ];
  for (const [name, body] of BODIES) {
    test(`${name}: 400 INVALID_INPUT`, async () => {
      await expectProblem(await send(shop, posting(body)), 400, 'INVALID_INPUT');
    });
  }

  const TYPES = ['application/x-www-form-urlencoded', 'text/plain', 'application/graphql'];
  for (const type of TYPES) {
    test(`a query sent as ${type}: 415`, async () => {
      const raw = `query=${encodeURIComponent(query)}`;
      const sent = { method: 'POST', path: '/graphql', raw, headers: { 'content-type': type } };
      await expectProblem(await send(shop, sent), 415, 'UNSUPPORTED_MEDIA_TYPE');
    });
  }

  for (const posted of ['{__typename}', 'mutation{x}']) {
    // GET accepts persisted operations only.
    test(`GET of ${posted}: 400`, async () => {
      const path = `/graphql?query=${encodeURIComponent(posted)}`;
      const response = await send(shop, { method: 'GET', path });
      await expectProblem(response, 400, 'INVALID_INPUT');
    });
  }

  test('a query in the URL besides the body: 400', async () => {
    const path = '/graphql?query={__typename}';
    const response = await send(shop, { method: 'POST', path, body: { query } });
    await expectProblem(response, 400, 'INVALID_INPUT');
  });
});

test('a failing resolver shows nothing of its error', async () => {
  const parts = {
    tables: async () => undefined,
    languageOf: async () => 'en',
    cursors: createCursors('secret'),
    telemetry: createTelemetry('test', 'fatal'),
  } as unknown as SearchDeps;
  const app = appOf({
    routes: [graphqlRoute(parts)],
    telemetry: parts.telemetry,
    authenticate: async () => ({ kind: 'anyone', storeId: DEFAULT_STORE }),
  });
  const answerTo = (query: string) =>
    app.request('http://search/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
  const one = await (await answerTo('{ product(id: "a") { id } }')).json();
  expect(one).toMatchObject({ errors: [{ message: 'internal error' }], data: { product: null } });
  // A failing non-null root field leaves no data.
  const response = await answerTo(`{ products ${COUNT} }`);
  expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
    500,
    'INTERNAL',
  ]);
});
