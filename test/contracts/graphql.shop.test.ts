// Tests GraphQL over HTTP against its specification, and the checked-in schema.
import { beforeAll, describe, expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildClientSchema, buildSchema, getIntrospectionQuery, printSchema } from 'graphql';
import type { IntrospectionQuery } from 'graphql';
import { serverAudits } from 'graphql-http';
import { composedSdl, SCHEMA_FILE } from '../../apis/gateway/graphql/schema.ts';
import { SDL } from '../../apis/search/graphql.ts';
import { JSON_TYPE } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const request = async (body: unknown, url = 'GATEWAY_URL') => {
  const response = await fetch(`${shop.env[url]}/graphql`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as { data?: unknown } };
};

describe('the GraphQL route', () => {
  test('passes every audit of graphql-http that is mandatory', async () => {
    const audits = serverAudits({ url: `${shop.env['GATEWAY_URL']}/graphql`, fetchFn: fetch });
    const results = await Promise.all(audits.map((audit) => audit.fn()));
    const short = results.filter(({ status }) => status !== 'ok');
    for (const { status, name } of short) console.log(`  ${status}: ${name}`);
    console.log(`graphql-http: ${results.length - short.length} of ${results.length} audits ok`);
    expect(results.filter(({ status }) => status === 'error').map(({ name }) => name)).toEqual([]);
  });

  test('serves the schema that is checked in, and Search its own share of it', async () => {
    const servedAt = async (name: string): Promise<string> => {
      const { body } = await request({ query: getIntrospectionQuery() }, name);
      return printSchema(buildClientSchema(body.data as IntrospectionQuery));
    };
    const composed = readFileSync(SCHEMA_FILE, 'utf8');
    expect(await servedAt('GATEWAY_URL')).toBe(printSchema(buildSchema(composed)));
    expect(await servedAt('SEARCH_URL')).toBe(printSchema(buildSchema(SDL)));
  });

  test('has a composed schema that is up to date (bun ops/generate.ts)', () => {
    const checkedIn = buildSchema(readFileSync(SCHEMA_FILE, 'utf8'));
    expect(printSchema(checkedIn)).toBe(composedSdl(SDL).trimEnd());
  });

  test('accepts persisted operations by hash, and no others', async () => {
    const text = readFileSync('apis/search/operations/suggestions.graphql', 'utf8');
    const sha256Hash = createHash('sha256').update(text).digest('hex');
    const variables = { prefix: 'a' };
    const named = await request({ documentId: `sha256:${sha256Hash}`, variables });
    expect(named).toMatchObject({ status: 200, body: { data: { suggest: {} } } });
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    expect(await request({ extensions, variables })).toEqual(named);
    const unknown = await request({ documentId: '0'.repeat(64) });
    expect(unknown).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  });

  test('refuses a query that costs too much, and one with too many aliases', async () => {
    const page = (name: string) =>
      `${name}: products(first: 100) {
        edges { node { id name variants { sku price } } } facets { name } }`;
    const costly = await request({
      query: `{ ${Array.from({ length: 9 }, (_, at) => page(`p${at}`)).join(' ')} }`,
    });
    expect(costly).toMatchObject({
      status: 400,
      body: { errors: [{ extensions: { code: 'INVALID_INPUT' } }] },
    });
    const aliases = Array.from({ length: 61 }, (_, at) => `a${at}: __typename`).join(' ');
    expect(await request({ query: `{ ${aliases} }` })).toMatchObject({ status: 400 });
    const first = { first: 100 };
    const query = `query ($first: Int) { ${page('p').replace('100', '$first')} }`;
    expect(await request({ query, variables: first })).toMatchObject({ status: 200 });
  });
});
