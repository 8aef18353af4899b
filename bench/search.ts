// Measures search over GraphQL against the same reads by the same driver in a minimal server.
import type { Instance } from '../ops/instance.ts';
import { posted, seeded, withCatalogue, type CatalogueBench } from './catalogue.ts';
import { compare, type Figures, type Plan, type Side } from './method.ts';

const PAGE = 20;
/** A match count reads until it exceeds 1,000. */
const COUNTED = 1_001;
/** Candidates scored for 1,000 matches. */
const SCORED = 1_200;
const SLOW = { operations: 150, inFlight: 8 };
/** A word that every twelfth product of a seeded catalogue has. */
const WORD = 'jacket';

const NODE = `id slug name priceFrom currency version
  variants { sku title price currency } attributes { name value }`;
const PRODUCT = `query ($id: ID) { product(id: $id) { ${NODE} } }`;
const LIST = `query ($text: String, $sort: ProductSort) {
  products(text: $text, sort: $sort, first: ${PAGE}) {
    edges { cursor node { ${NODE} } } pageInfo { hasNextPage endCursor } } }`;
const FACETS = `query ($text: String) { products(text: $text, first: 1) {
  matches { count exact } facets { name values { value count } exact } } }`;

const searchUrl = ({ env }: CatalogueBench): string => `${env['SEARCH_URL']}/graphql`;

const graphqlSide = (bench: CatalogueBench, query: string, variables: object): Side => {
  const body = JSON.stringify({ query, variables });
  return {
    pids: () => [bench.pidOf('search'), bench.pidOf('cassandra')],
    operation: async () => {
      const text = await posted(searchUrl(bench), body);
      if (text.includes('"errors"')) throw new Error(text.slice(0, 300));
    },
  };
};

const rawly = (bench: CatalogueBench, path: string, call: object): Side => ({
  pids: () => [bench.rawPid, bench.pidOf('cassandra')],
  operation: () => bench.raw(path, call),
});

const rows = (column: string, wanted: number) => ({ token: WORD, column, wanted });
const list = { text: WORD, sort: 'NEWEST' };

type Sides = (bench: CatalogueBench) => Promise<[raw: Side, here: Side]>;

const measuring =
  (sides: Sides, products: number, own: Plan = {}) =>
  (instance: Instance, plan: Plan): Promise<Figures> =>
    withCatalogue(
      instance,
      async (bench) => {
        await seeded(bench, plan.products ?? products);
        const [raw, here] = await sides(bench);
        return compare(raw, here, { ...own, ...plan });
      },
      plan.products ?? products,
    );

/** The same JSON from a REST API with the same reads. */
const oneProduct: Sides = async (bench) => {
  const [row] = await bench.sql`select id from products.products
    where store_id = 'sto_default' and slug = 'seed-1-0'`;
  const id = String(row?.['id']);
  const shown: unknown = JSON.parse(
    await posted(searchUrl(bench), { query: PRODUCT, variables: { id } }),
  );
  return [rawly(bench, '/product', { id, shown }), graphqlSide(bench, PRODUCT, { id })];
};

const onePage: Sides = async (bench) => {
  const answer = await posted(searchUrl(bench), { query: LIST, variables: list });
  const call = { ...rows('document', PAGE + 1), shown: JSON.parse(answer) as unknown };
  return [rawly(bench, '/page', call), graphqlSide(bench, LIST, list)];
};

const sortedPage: Sides = async (bench) => [
  rawly(bench, '/rows', rows('document', PAGE + 1)),
  graphqlSide(bench, LIST, list),
];

const relevantPage: Sides = async (bench) => [
  rawly(bench, '/rows', rows('ranking', SCORED)),
  graphqlSide(bench, LIST, { text: WORD }),
];

const counted: Sides = async (bench) => [
  rawly(bench, '/rows', rows('facets', COUNTED)),
  graphqlSide(bench, FACETS, { text: WORD }),
];

const sized = (name: string, aim: number, sides: Sides, own: Plan) => ({
  [name]: { aim, measure: measuring(sides, 10_000, own) },
  [`${name}-100k`]: { aim, measure: measuring(sides, 100_000, own) },
  [`${name}-1m`]: { aim, measure: measuring(sides, 1_000_000, own) },
});

export const searchPaths = {
  'graphql-one': { aim: 0.8, measure: measuring(oneProduct, 1_000) },
  'graphql-page': { aim: 0.6, measure: measuring(onePage, 10_000, { operations: 500 }) },
  ...sized('search-page', 0.55, sortedPage, { operations: 500 }),
  ...sized('search-relevant', 0.55, relevantPage, SLOW),
  ...sized('search-facets', 0.5, counted, SLOW),
};
