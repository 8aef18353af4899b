// Tests what a GraphQL query costs by the limits: a unit a call, and more for large pages.
import { parse } from 'graphql';
import { describe, expect, test } from 'bun:test';
import { costsOf } from './cost.ts';

const many = (count: number, one: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => one(at)).join(' ');

const PAGE = `edges { cursor node { id slug name priceFrom currency media { url alt }
  variants { sku price compareAtPrice stock { available } } } }
  pageInfo { hasNextPage endCursor } matches { count exact } facets { name values { value count } exact }`;

const ROWS: [what: string, query: string, units: number, variables?: Record<string, unknown>][] = [
  ['a type name', '{ __typename }', 1],
  ['one cart', '{ cart { id } }', 1],
  ['a page of 20 products with its facets', `{ products { ${PAGE} } }`, 1],
  ['a page of 100 products', `{ products(first: 100) { ${PAGE} } }`, 3],
  [
    'a page of as many as a variable says',
    `query ($n: Int) { products(first: $n) { ${PAGE} } }`,
    3,
    { n: 100 },
  ],
  ['60 carts', `{ ${many(60, (at) => `c${at}: cart(id: "crt_${at}") { id }`)} }`, 60],
  [
    '60 guesses of a token',
    `{ ${many(60, (at) => `o${at}: order(id: "ord_a", accessToken: "${at}") { id }`)} }`,
    60,
  ],
  [
    '20 carts in a fragment',
    `{ ...f } fragment f on Query { ${many(20, (at) => `c${at}: cart(id: "${at}") { id }`)} }`,
    20,
  ],
  ['the timelines of 20 orders', '{ orders { edges { node { timeline { type } } } } }', 21],
  [
    'suggestions, whose products are of the same call',
    '{ suggest(prefix: "a") { products { id } collections { id } } }',
    1,
  ],
];

describe('a query of', () => {
  for (const [what, query, units, variables] of ROWS) {
    test(`${what} costs its units`, () => {
      expect(costsOf(parse(query), variables)).toEqual({ excess: undefined, units });
    });
  }
});
