// Tests that shoppers see a collection in the order that its store has set.
import { beforeAll, describe, expect, test } from 'bun:test';
import { asStore, eventually, graphql } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

const QUERY = `query ($collectionId: ID, $after: String) {
  products(collectionId: $collectionId, sort: COLLECTION, first: 2, after: $after) {
    edges { node { name } } pageInfo { hasNextPage endCursor } matches { count } } }`;

interface Page {
  edges: { node: { name: string } }[];
  pageInfo: { hasNextPage: boolean; endCursor: string };
}

const namesIn = async (collectionId: string): Promise<string> => {
  const names: string[] = [];
  for (let after: string | undefined; ;) {
    const { body } = await graphql(shop, QUERY, { collectionId, after });
    const page = (body.data as unknown as { products: Page }).products;
    names.push(...page.edges.map(({ node }) => node.name));
    if (!page.pageInfo.hasNextPage) return names.join(' ');
    after = page.pageInfo.endCursor;
  }
};

const shownAs = (collectionId: string, names: string): Promise<true> =>
  eventually(`the collection is shown as ${names}`, async () =>
    (await namesIn(collectionId)) === names ? true : undefined,
  );

describe("a collection's own order", () => {
  test(
    'is the order that shoppers see, and follows every change',
    async () => {
      const made = async (path: string, body: object): Promise<string> =>
        (await asStore<{ id: string }>(shop, 'POST', path, body)).body.id;
      const id = await made('/collection', { name: 'Ordered' });
      const added = async (name: string): Promise<string> => {
        const productId = await made('/product', { name, price: 1 });
        const path = `/product/${productId}/collections`;
        await asStore(shop, 'PUT', path, { collectionIds: [id] });
        return productId;
      };
      const [a, b, c] = [await added('a'), await added('b'), await added('c')];
      await shownAs(id, 'a b c');
      const order = (productIds: string[]) =>
        asStore(shop, 'PUT', `/collection/${id}/products`, { productIds });
      expect((await order([c, a])).status).toBe(204);
      await shownAs(id, 'c a b');
      await added('d');
      await shownAs(id, 'c a b d');
      await asStore(shop, 'PUT', `/product/${a}`, { price: 2 });
      await asStore(shop, 'PUT', `/product/${c}/collections`, { collectionIds: [id] });
      expect((await order([b])).status).toBe(204);
      await shownAs(id, 'b a c d');
      await asStore(shop, 'PUT', `/product/${b}/collections`, { collectionIds: [] });
      await asStore(shop, 'DELETE', `/product/${c}`);
      await shownAs(id, 'a d');
      expect((await asStore(shop, 'DELETE', `/collection/${id}`)).status).toBe(204);
      await shownAs(id, '');
    },
    LIMIT_MS,
  );

  test('needs a collection: a query without one is refused', async () => {
    const { status, body } = await graphql(shop, '{ products(sort: COLLECTION) { asOf } }');
    expect([status, body.errors?.[0]?.extensions.code]).toEqual([400, 'INVALID_INPUT']);
  });
});
