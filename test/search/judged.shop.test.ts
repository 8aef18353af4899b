// Tests text search over real products against grades given by hand.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { newId } from '../../domain/ids.ts';
import { dataPath, testWithData } from '../support/data.ts';
import { newReadSide, putWare, type ReadSideOfTest } from '../support/read-side.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';
import { judgedQueries, type Judged } from './judged-queries.ts';

const FILE = 'eshop-catalog.json';
const NDCG_AT = 10;
const NDCG_MIN = 0.9;
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

/** Normalised discounted cumulative gain (Järvelin & Kekäläinen 2002), gain 2^grade − 1. */
const ndcg = ({ grades }: Judged, ids: number[]): number => {
  if (grades.size === 0) return ids.length === 0 ? 1 : 0;
  const gainOf = (list: number[]): number =>
    list.reduce((sum, grade, at) => sum + (2 ** grade - 1) / Math.log2(at + 2), 0);
  const best = [...grades.values()].sort((a, b) => b - a).slice(0, NDCG_AT);
  return gainOf(ids.slice(0, NDCG_AT).map((id) => grades.get(id) ?? 0)) / gainOf(best);
};

describe('text search over 101 real products', () => {
  test('is judged by at least 60 different queries', () => {
    expect(new Set(judgedQueries.map(({ query }) => query)).size).toBeGreaterThanOrEqual(60);
  });

  testWithData(
    FILE,
    'ranks the intended products: NDCG@10 of at least 0.90, for each kind of query at least 0.80',
    async () => {
      const scores = new Map<string, number[]>();
      for (const judged of judgedQueries) {
        const ids = await found(judged.query);
        const score = ndcg(judged, ids);
        scores.set(judged.kind, [...(scores.get(judged.kind) ?? []), score]);
        if (score < NDCG_MIN) console.log(`  ${score.toFixed(2)} ${judged.query}: ${ids.join()}`);
      }
      const mean = (list: number[]): number =>
        list.reduce((sum, one) => sum + one, 0) / list.length;
      const all = mean([...scores.values()].flat());
      for (const [kind, list] of scores) console.log(`  ${kind}: ${mean(list).toFixed(3)}`);
      console.log(`NDCG@10 over ${judgedQueries.length} queries: ${all.toFixed(3)}`);
      expect(all).toBeGreaterThanOrEqual(NDCG_MIN);
      for (const list of scores.values()) expect(mean(list)).toBeGreaterThanOrEqual(0.8);
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
