// Tests search against an in-memory model, for random catalogues and random queries.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { newId } from '../../domain/ids.ts';
import { newReadSide, putWare, type ReadSideOfTest, type Ware } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { answered, facetsOf, SORTS, type SearchInput } from './model.ts';

const CATALOGUES = 6;
const PRODUCTS = 40;
const QUESTIONS = 60;
const LIMIT_MS = 120_000;
const SEED = 20_261_125;

/** Words that stemming leaves unchanged, none within one edit of another. */
const WORDS = ['alpha', 'bravo', 'kilo', 'lima', 'oscar', 'tango', 'victor', 'zulu'];
const COLOURS = ['crimson', 'indigo', 'amber'];
const SIZES = ['small', 'medium', 'large'];
const COLLECTIONS = Array.from({ length: 3 }, () => newId('collection'));

let shop: Shop;
const sides: ReadSideOfTest[] = [];
const openSide = async () => {
  const side = await newReadSide(shop);
  sides.push(side);
  return side;
};
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);
afterAll(async () => {
  await Promise.all(sides.map((side) => side.tables.close()));
});

const some = <T>(of: T[], max: number) => fc.subarray(of, { minLength: 0, maxLength: max });
const phrase = (min: number, max: number) =>
  fc.subarray(WORDS, { minLength: min, maxLength: max }).map((words) => words.join(' '));

const variant = fc.record({
  size: fc.constantFrom(...SIZES),
  colour: fc.constantFrom(...COLOURS),
});

/** Few prices, names and times, so that many products are equal in the sorted field. */
const ware: fc.Arbitrary<Ware> = fc
  .record({
    id: fc.constant('').map(() => newId('product')),
    name: phrase(1, 2),
    description: phrase(1, 3),
    priceMinor: fc.constantFrom(0, 500, 999, 1_000, 2_000, 99_999),
    attributes: fc.constantFrom(...COLOURS).map((colour) => ({ colour })),
    collectionIds: some(COLLECTIONS, 2),
    positions: some(COLLECTIONS, 2).map((ids) => Object.fromEntries(ids.map((id, at) => [id, at]))),
    available: fc.constantFrom(0, 0, 3),
    options: fc.array(variant, { minLength: 1, maxLength: 3 }),
    createdAtUs: fc.integer({ min: 1, max: 12 }).map((at) => 1_732_000_000_000_000 + at),
  })
  .map((one) => ({ ...one, skus: one.options.map((_, at) => `${one.id.slice(4)}-${at}`) }));

const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined, freq: 2 });
const anyInput: fc.Arbitrary<SearchInput> = fc
  .record({
    text: maybe(fc.oneof(phrase(1, 2), phrase(2, 4), fc.constantFrom(...COLOURS))),
    sort: fc.constantFrom(...SORTS),
    collectionId: maybe(fc.constantFrom(...COLLECTIONS)),
    attributes: maybe(
      fc.oneof(
        fc.constantFrom(...COLOURS).map((value) => [{ name: 'colour', value }]),
        fc.constantFrom(...SIZES).map((value) => [{ name: 'size', value }]),
        variant.map(({ size, colour }) => [
          { name: 'size', value: size },
          { name: 'colour', value: colour },
        ]),
      ),
    ),
    priceMin: maybe(fc.constantFrom(0, 5, 9.99)),
    priceMax: maybe(fc.constantFrom(5, 10, 999.99)),
    inStock: maybe(fc.boolean()),
  })
  .map(({ sort, ...input }) => ({
    ...input,
    // Only a collection has an order of its own.
    sort: sort === 'COLLECTION' && !input.collectionId ? 'NAME' : sort,
  }))
  .map((input) => JSON.parse(JSON.stringify(input)) as SearchInput);

const QUERY = `query ($text: String, $sort: ProductSort, $collectionId: ID,
  $attributes: [AttributeFilter!], $priceMin: Float, $priceMax: Float, $inStock: Boolean,
  $first: Int, $after: String) {
  products(text: $text, sort: $sort, collectionId: $collectionId, attributes: $attributes,
    priceMin: $priceMin, priceMax: $priceMax, inStock: $inStock, first: $first, after: $after) {
    edges { cursor node { id } } pageInfo { hasNextPage endCursor }
    matches { count exact } facets { name values { value count } exact } } }`;

interface Connection {
  edges: { cursor: string; node: { id: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  matches: { count: number; exact: boolean };
  facets: { name: string; values: { value: string; count: number }[]; exact: boolean }[];
}

const pageOf = async (
  side: ReadSideOfTest,
  input: SearchInput,
  first: number,
  after?: string | null,
): Promise<Connection> =>
  (await side.request<{ products: Connection }>(QUERY, { ...input, first, after })).products;

/** Every id in order, page by page; `between` runs after each page. */
const walked = async (
  side: ReadSideOfTest,
  input: SearchInput,
  first: number,
  between: () => Promise<void> = async () => undefined,
): Promise<string[]> => {
  const ids: string[] = [];
  let after: string | null | undefined;
  for (let pages = 0; pages <= PRODUCTS; pages++) {
    const page = await pageOf(side, input, first, after);
    ids.push(...page.edges.map(({ node }) => node.id));
    if (!page.pageInfo.hasNextPage) return ids;
    after = page.pageInfo.endCursor;
    await between();
  }
  throw new Error('paging never ended');
};

/** Relevance has an order of its own; its set of products is the same. */
const expectSame = (input: SearchInput, ids: string[], wanted: string[]): void => {
  const own = input.sort === 'RELEVANCE' && input.text !== undefined;
  const inOrder = (list: string[]): string[] => (own ? list.toSorted() : list);
  expect({ input, ids: inOrder(ids) }).toEqual({ input, ids: inOrder(wanted) });
};

const filled = async (seed: number) => {
  const side = await openSide();
  const [wares = []] = fc.sample(fc.array(ware, { minLength: PRODUCTS, maxLength: PRODUCTS }), {
    seed,
    numRuns: 1,
  });
  for (const one of wares) await putWare(side.readSide, side.storeId, one);
  return { side, wares };
};

const seeds = Array.from({ length: CATALOGUES }, (_, at) => SEED + at);

describe('a random query of a random catalogue', () => {
  test.each(seeds)(
    'has the set, order, count and facets of the model (seed %p)',
    async (seed) => {
      const { side, wares } = await filled(seed);
      for (const input of fc.sample(anyInput, { seed, numRuns: QUESTIONS })) {
        const wanted = answered(wares, input);
        const ids = wanted.map(({ id }) => id);
        const page = await pageOf(side, input, 100);
        expectSame(
          input,
          page.edges.map(({ node }) => node.id),
          ids,
        );
        expect(page.matches).toEqual({ count: ids.length, exact: true });
        const facets = page.facets.flatMap(({ name, values }) =>
          values.map(({ value, count }) => [`${name}=${value}`, count] as const),
        );
        expect(Object.fromEntries(facets)).toEqual(facetsOf(wanted));
        const first = 1 + (seed % 7);
        expect(await walked(side, input, first)).toEqual(page.edges.map(({ node }) => node.id));
      }
    },
    LIMIT_MS,
  );

  test.each(seeds.slice(0, 3))(
    'neither skips nor repeats unchanged products while others are added, deleted and changed (seed %p)',
    async (seed) => {
      const { side, wares } = await filled(seed);
      const moving = wares.filter((_, at) => at % 3 === 0);
      const staying = wares.filter((_, at) => at % 3 !== 0);
      let turn = 0;
      const between = async (): Promise<void> => {
        // Every second page only, so that paging outruns the added products.
        if (turn++ % 2 === 0) return;
        const at = turn % moving.length;
        const one = moving[at];
        if (!one) return;
        if (turn % 3 === 0) await putWare(side.readSide, side.storeId, one, true);
        else {
          const priceMinor = (turn * 737) % 3_000;
          const next = { ...one, priceMinor, name: `${WORDS[turn % WORDS.length]} moved` };
          await putWare(side.readSide, side.storeId, next);
        }
        const fresh = { ...one, id: newId('product'), createdAtUs: Date.now() * 1_000 };
        await putWare(side.readSide, side.storeId, fresh);
      };
      for (const input of fc.sample(anyInput, { seed: seed + 1_000, numRuns: 15 })) {
        // The words are interpreted on the first page, for all later pages.
        const wanted = answered(wares, input)
          .filter((one) => staying.includes(one))
          .map(({ id }) => id);
        const ids = await walked(side, input, 3, between);
        const stayed = ids.filter((id) => staying.some((one) => one.id === id));
        expect(new Set(stayed).size).toBe(stayed.length);
        const isPlain = !input.text || answered(staying, input).length > 0;
        if (isPlain) expectSame(input, stayed, wanted);
      }
    },
    LIMIT_MS,
  );
});
