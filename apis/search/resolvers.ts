// What GraphQL's questions mean: pages from the index, one product, collections.
import type { Client } from '@connectrpc/connect';
import { GraphQLError } from 'graphql';
import type { Cassandra } from '../../db/cassandra/client.ts';
import { listCollections } from '../../db/cassandra/collections.ts';
import { countMatches, listPage, type Filter, type Position } from '../../db/cassandra/listings.ts';
import { findIdBySlug, findStored } from '../../db/cassandra/products.ts';
import { findProgress } from '../../db/cassandra/progress.ts';
import type { ProductDocument } from '../../db/projections/document.ts';
import { attributeNameOf, type Sort } from '../../db/projections/listing-keys.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { DEFAULT_CURRENCY, minorFromNumber } from '../../domain/money.ts';
import { tokensOf } from '../../domain/text.ts';
import type { InventoryService } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Cursors } from '../http/cursors.ts';
import { LIMIT_MAX } from '../http/cursors.ts';
import { STORE_HEADER } from '../rpc/client.ts';
import { documentOfShown } from './fallback.ts';
import { batchedStock, productNode, type StockOf } from './nodes.ts';

const TEXT_LENGTH_MAX = 200;
const TOKENS_MAX = 10;
const ATTRIBUTES_MAX = 10;

export interface SearchParts {
  cassandra: Cassandra;
  inventory: Client<typeof InventoryService>;
  products: Client<typeof ProductsService>;
  cursors: Cursors;
  telemetry: Telemetry;
}

interface ProductsArgs {
  text?: string;
  collectionId?: string;
  attributes?: { name: string; value: string }[];
  priceMin?: number;
  priceMax?: number;
  inStock?: boolean;
  sort?: 'RELEVANCE' | 'NEWEST' | 'PRICE_ASC' | 'PRICE_DESC' | 'NAME' | null;
  first: number;
  after?: string;
}

/** Relevance has no score yet: until then the newest come first. */
const ORDERS: Record<NonNullable<ProductsArgs['sort']>, Sort> = {
  RELEVANCE: 'newest',
  NEWEST: 'newest',
  PRICE_ASC: 'price_asc',
  PRICE_DESC: 'price_desc',
  NAME: 'name',
};

const minor = (path: string, amount: number | undefined): number | undefined =>
  amount === undefined || amount === null
    ? undefined
    : minorFromNumber(amount, DEFAULT_CURRENCY, path);

const filterOf = (args: ProductsArgs): Filter => {
  const { text = '', attributes = [] } = args;
  if ((text ?? '').length > TEXT_LENGTH_MAX) throw invalid('text', 'is too long');
  if ((attributes ?? []).length > ATTRIBUTES_MAX) throw invalid('attributes', 'are too many');
  return {
    tokens: tokensOf(text ?? '').slice(0, TOKENS_MAX),
    collectionId: args.collectionId ?? undefined,
    attributes: attributes ?? [],
    priceMinMinor: minor('priceMin', args.priceMin),
    priceMaxMinor: minor('priceMax', args.priceMax),
    inStock: args.inStock ?? undefined,
  };
};

/** A cursor belongs to its order: one of another sort is refused. */
const positionOf = (
  { cursors }: SearchParts,
  sort: string,
  after: string | undefined,
): Position | undefined =>
  after ? (JSON.parse(cursors.open(`search/${sort}`, after)) as Position) : undefined;

/** `collection:<id>` and `attribute:<name>=<value>`, as the projector wrote them. */
const FACET = /^(?:(collection):|attribute:([^=]*)=)(.*)$/s;

const facetNodes = (counts: Map<string, number>, exact: boolean) => {
  const names = new Map<string, { value: string; count: number }[]>();
  for (const [facet, count] of counts) {
    const [, collection, attribute, value = ''] = FACET.exec(facet) ?? [];
    const name = collection ?? attributeNameOf(attribute ?? '');
    names.set(name, [...(names.get(name) ?? []), { value, count }]);
  }
  return [...names].map(([name, values]) => ({
    name,
    values: values.sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
    exact,
  }));
};

const products = async (
  parts: SearchParts,
  storeId: string,
  stockOf: StockOf,
  args: ProductsArgs,
) => {
  const { first } = args;
  const sort = args.sort ?? 'NEWEST';
  if (first < 1 || first > LIMIT_MAX) throw invalid('first', `must be 1 to ${LIMIT_MAX}`);
  const { cassandra, cursors } = parts;
  const filter = filterOf(args);
  const after = positionOf(parts, sort, args.after);
  const ask = { storeId, filter, after, limit: first + 1, sort: ORDERS[sort] };
  const listed = await listPage(cassandra, ask);
  const page = listed.slice(0, first).map(({ document, position }) => ({
    cursor: cursors.seal(`search/${sort}`, JSON.stringify(position)),
    node: productNode(document, stockOf),
  }));
  let counting: ReturnType<typeof countMatches> | undefined;
  const counted = () => (counting ??= countMatches(cassandra, storeId, filter));
  return {
    edges: page,
    pageInfo: {
      hasNextPage: listed.length > first,
      hasPreviousPage: after !== undefined,
      startCursor: page[0]?.cursor ?? null,
      endCursor: page.at(-1)?.cursor ?? null,
    },
    matches: () =>
      refusing(async () => {
        const { count, exact } = await counted();
        return { count, exact };
      }),
    facets: () =>
      refusing(async () => {
        const { facets, exact } = await counted();
        return facetNodes(facets, exact);
      }),
    asOf: () => refusing(async () => (await findProgress(cassandra))?.toISOString() ?? null),
  };
};

/** The read side's product; when it is away, the consistent side answers instead. */
const findDocument = async (
  { cassandra, products: consistent }: SearchParts,
  storeId: string,
  { id, slug }: { id?: string; slug?: string },
): Promise<ProductDocument | undefined> => {
  if ((id === undefined) === (slug === undefined)) throw invalid('id', 'say either id or slug');
  try {
    const productId = id ?? (await findIdBySlug(cassandra, storeId, slug ?? ''));
    const stored = productId ? await findStored(cassandra, storeId, productId) : undefined;
    return stored?.document?.status === 'published' ? stored.document : undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
    const headers = { [STORE_HEADER]: storeId };
    const request = { id: id ?? '', slug: slug ?? '' };
    return consistent.getProduct(request, { headers }).then(
      ({ productJson }) => documentOfShown(productJson),
      (failure: unknown) => {
        if (failure instanceof DomainError && failure.code === 'NOT_FOUND') return undefined;
        throw failure;
      },
    );
  }
};

/** Refusals become GraphQL errors with the same code; everything else is masked by the door. */
const refusing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, fields } = error;
    throw new GraphQLError(error.message, {
      extensions: { code, ...(fields.length > 0 && { fields }) },
    });
  }
};

/** The root of one request; `warnings` collects what could not be answered. */
export const rootOf = (parts: SearchParts, storeId: string, warnings: string[]) => {
  const readStock = async (skus: string[]): Promise<Map<string, number>> => {
    const headers = { [STORE_HEADER]: storeId };
    const { stock } = await parts.inventory.batchGetStock({ skus }, { headers });
    return new Map(stock.map(({ sku, available }) => [sku, available]));
  };
  const stockOf = batchedStock(readStock, (error) => {
    warnings.push('STOCK_UNAVAILABLE');
    parts.telemetry.log.error('stock not read', error, { storeId });
  });
  return {
    products: (args: ProductsArgs) => refusing(() => products(parts, storeId, stockOf, args)),
    product: (args: { id?: string; slug?: string }) =>
      refusing(async () => {
        const document = await findDocument(parts, storeId, args);
        return document ? productNode(document, stockOf) : null;
      }),
    collections: () => refusing(() => listCollections(parts.cassandra, storeId)),
  };
};
