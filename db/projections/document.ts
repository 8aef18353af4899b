// Folds product and stock events into the read model's document, each source by its own clock.
import type { ProductChanged, StockChanged } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { currencyOf } from '../../domain/money.ts';
import { priceFromMinor, type ProductStatus } from '../../domain/product.ts';
import type { ProductDocument, Projected } from '../cassandra/product-document.ts';

export const documentOf = ({ productId, version, product }: ProductChanged): ProductDocument => {
  if (!product || product.variants.length === 0) throw new Error('a product without variants');
  const variants = product.variants.map(({ priceMinor, compareAtMinor, currency, ...rest }) => ({
    sku: rest.sku,
    title: rest.title,
    options: rest.options,
    position: rest.position,
    priceMinor: Number(priceMinor),
    currency: currencyOf(currency),
    ...(compareAtMinor !== undefined && { compareAtMinor: Number(compareAtMinor) }),
  }));
  return {
    id: productId,
    slug: product.slug,
    name: product.name,
    description: product.description,
    status: product.status as ProductStatus,
    collectionIds: product.collectionIds,
    ...(Object.keys(product.places).length > 0 && { positions: product.places }),
    attributes: product.attributes,
    media: product.media.map(({ url, alt }) => ({ url, alt })),
    variants,
    priceFromMinor: priceFromMinor(variants),
    currency: variants[0]?.currency ?? '',
    version: Number(version),
    createdAtUs: Number(product.createdAtUs),
    updatedAtUs: Number(product.updatedAtUs),
  };
};

/** The next state, or undefined when the event is not newer than its source's last one. */
export const foldProduct = (known: Projected, event: ProductChanged): Projected | undefined => {
  const clockUs = Number(event.clockUs);
  if (clockUs <= known.productClockUs) return undefined;
  return {
    ...known,
    productClockUs: clockUs,
    deleted: event.deleted,
    document: event.deleted ? undefined : documentOf(event),
  };
};

export const foldStock = (known: Projected, event: StockChanged): Projected | undefined => {
  const clockUs = Number(event.clockUs);
  if (clockUs <= known.stockClockUs) return undefined;
  const stock = Object.fromEntries(event.skus.map(({ sku, available }) => [sku, available]));
  return { ...known, stockClockUs: clockUs, stock };
};
