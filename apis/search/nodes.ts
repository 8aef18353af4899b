// Builds GraphQL's product nodes; stock is read once a request, for all variants together.
import { chunksOf } from '../../concurrency/chunks.ts';
import { currencyOf, numberFromMinor } from '../../domain/money.ts';
import type { Variant } from '../../domain/product.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';

/** The available units of a sku, or undefined when Inventory is unavailable. */
export type StockOf = (sku: string) => Promise<{ available: number; asOf: string } | undefined>;

const BATCH_MAX = 500;

/** Collects the skus of one tick and reads them in one call. */
export const batchedStock = (
  read: (skus: string[]) => Promise<Map<string, number>>,
  onAway: (error: unknown) => void,
): StockOf => {
  let waiting: string[] = [];
  let requested: Promise<Map<string, number>> | undefined;
  const readAll = async (skus: string[]): Promise<Map<string, number>> => {
    const maps = await Promise.all(chunksOf(skus, BATCH_MAX).map(read));
    return new Map(maps.flatMap((map) => [...map]));
  };
  const flush = (): Promise<Map<string, number>> => {
    const skus = [...new Set(waiting)];
    waiting = [];
    requested = undefined;
    return readAll(skus).catch((error: unknown) => {
      onAway(error);
      return new Map();
    });
  };
  return async (sku) => {
    waiting.push(sku);
    requested ??= Promise.resolve().then(flush);
    const available = (await requested).get(sku);
    return available === undefined ? undefined : { available, asOf: new Date().toISOString() };
  };
};

const pairs = (map: Record<string, string>): { name: string; value: string }[] =>
  Object.entries(map).map(([name, value]) => ({ name, value }));

const variantNode = (variant: Variant, stockOf: StockOf) => ({
  sku: variant.sku,
  title: variant.title,
  options: pairs(variant.options),
  price: numberFromMinor(variant.priceMinor, variant.currency),
  compareAtPrice:
    variant.compareAtMinor === undefined
      ? null
      : numberFromMinor(variant.compareAtMinor, variant.currency),
  currency: variant.currency,
  stock: () => stockOf(variant.sku),
});

export const productNode = (document: ProductDocument, stockOf: StockOf) => ({
  id: document.id,
  slug: document.slug,
  name: document.name,
  description: document.description,
  collectionIds: document.collectionIds,
  attributes: pairs(document.attributes),
  media: document.media,
  priceFrom: numberFromMinor(document.priceFromMinor, currencyOf(document.currency)),
  currency: document.currency,
  variants: document.variants.map((variant) => variantNode(variant, stockOf)),
  version: document.version,
});
