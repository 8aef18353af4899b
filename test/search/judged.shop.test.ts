// Tests text search over real products against grades given by hand.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { newId } from '../../domain/ids.ts';
import { dataPath, testWithData } from '../support/data.ts';
import { newReadSide, putWare, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';
import { judgedQueries } from './judged-queries.ts';
import { judgedStores, type JudgedProduct } from './judged-words.ts';
import { meanOf, meansByKind, NDCG_AT, NDCG_MIN, report, scored, type Score } from './judging.ts';

const FILE = 'eshop-catalog.json';
const LIMIT_MS = 60_000;

interface Item {
  Id: number;
  Type: string;
  Brand: string;
  Name: string;
  Description: string;
  Price: number;
}

let items: Item[] = [];
let side: ReadSideOfTest;
const idOf = new Map<string, number>();

beforeAll(async () => {
  if (!existsSync(dataPath(FILE))) return;
  items = JSON.parse(readFileSync(dataPath(FILE), 'utf8')) as Item[];
  side = await newReadSide(await openShop());
  for (const item of items) {
    const id = newId('product');
    idOf.set(id, item.Id);
    await putWare(side.readSide, side.storeId, {
      id,
      name: item.Name,
      description: item.Description,
      attributes: { brand: item.Brand, type: item.Type },
      priceMinor: Math.round(item.Price * 100),
      createdAtUs: Date.now() * 1_000 + item.Id,
      skus: [`ESHOP-${String(item.Id).padStart(3, '0')}`],
    });
  }
}, UP_LIMIT_MS);
afterAll(() => side?.tables.close());

const QUERY = `query ($text: String) { products(text: $text, first: ${NDCG_AT}) {
  edges { node { id } } matches { count exact } } }`;

interface Found {
  products: { edges: { node: { id: string } }[]; matches: { count: number } };
}

const found = async (text: string): Promise<number[]> => {
  const { products } = await side.request<Found>(QUERY, { text });
  return products.edges.map(({ node }) => idOf.get(node.id) ?? 0);
};

describe('text search over 101 real products', () => {
  test('is judged by at least 60 different queries', () => {
    expect(new Set(judgedQueries.map(({ query }) => query)).size).toBeGreaterThanOrEqual(60);
  });

  testWithData(
    FILE,
    'ranks the intended products: NDCG@10 of at least 0.90, for each kind of query at least 0.80',
    async () => {
      const scores: Score[] = [];
      for (const judged of judgedQueries) scores.push(scored(judged, await found(judged.query)));
      report(scores);
      expect(meanOf(scores)).toBeGreaterThanOrEqual(NDCG_MIN);
      for (const mean of meansByKind(scores).values()) expect(mean).toBeGreaterThanOrEqual(0.8);
    },
    LIMIT_MS,
  );

  testWithData(
    FILE,
    'lists every product first by its exact name and its exact sku',
    async () => {
      for (const item of items) {
        const twins = items.filter(({ Name }) => Name === item.Name).map(({ Id }) => Id);
        expect(new Set((await found(item.Name)).slice(0, twins.length))).toEqual(new Set(twins));
        const [first] = await found(`eshop-${String(item.Id).padStart(3, '0')}`);
        expect([item.Name, first]).toEqual([item.Name, item.Id]);
      }
    },
    LIMIT_MS,
  );
});

describe('text search in many scripts and languages', () => {
  const wareOf = ({ id, name, description, options }: JudgedProduct) => {
    const variants = Object.entries(options).flatMap(([option, values]) =>
      values.map((value) => ({ [option]: value })),
    );
    const skus = variants.map((_, at) => `J-${id}-${at}`);
    const createdAtUs = Date.now() * 1_000 + id;
    const ware = { id: newId('product'), name, description, priceMinor: 100, createdAtUs };
    return variants.length > 0 ? { ...ware, options: variants, skus } : ware;
  };

  const scoresOf = async (
    shop: Shop,
    { language, products, queries }: (typeof judgedStores)[number],
  ): Promise<Score[]> => {
    const own = await newReadSide(shop, async () => language);
    const ids = new Map<string, number>();
    for (const product of products) {
      const ware = wareOf(product);
      ids.set(ware.id, product.id);
      await putWare(own.readSide, own.storeId, ware);
    }
    const scores: Score[] = [];
    for (const judged of queries) {
      const { products: found } = await own.request<Found>(QUERY, { text: judged.query });
      scores.push(
        scored(
          judged,
          found.edges.map(({ node }) => ids.get(node.id) ?? 0),
        ),
      );
    }
    await own.tables.close();
    return scores;
  };

  test(
    'ranks the intended products: NDCG@10 of at least 0.90',
    async () => {
      const shop = await openShop();
      const scores = (await Promise.all(judgedStores.map((one) => scoresOf(shop, one)))).flat();
      report(scores);
      expect(scores.length).toBeGreaterThanOrEqual(40);
      expect(meanOf(scores)).toBeGreaterThanOrEqual(NDCG_MIN);
      for (const mean of meansByKind(scores).values()) expect(mean).toBeGreaterThanOrEqual(0.8);
    },
    UP_LIMIT_MS + LIMIT_MS,
  );

  test(
    'suggests words of scripts without blanks, and part numbers by their beginnings',
    async () => {
      const own = await newReadSide(await openShop());
      for (const name of ['手摇咖啡磨豆机', 'Dishwasher KDP601A1MMS2D']) {
        const createdAtUs = Date.now() * 1_000;
        const ware = { id: newId('product'), name, priceMinor: 100, createdAtUs };
        await putWare(own.readSide, own.storeId, ware);
      }
      const suggested = async (prefix: string): Promise<string[]> => {
        const query = 'query ($prefix: String!) { suggest(prefix: $prefix) { words } }';
        const answer = await own.request<{ suggest: { words: string[] } }>(query, { prefix });
        return answer.suggest.words;
      };
      expect(await suggested('咖')).toEqual(['咖啡']);
      expect(await suggested('手摇咖')).toEqual(['手摇咖啡']);
      expect(await suggested('dishwasher kdp6')).toEqual(['dishwasher kdp601a1mms2d']);
      await own.tables.close();
    },
    UP_LIMIT_MS + LIMIT_MS,
  );
});
