// The product's document on the read side: what events say, folded by each source's own clock.
import type { ProductChanged, StockChanged } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { priceFromMinor, type ProductStatus, type Variant } from '../../domain/product.ts';
import { currencyOf } from '../../domain/money.ts';

/** A product as shoppers' pages need it; kept as JSON beside the row. */
export interface ProductDocument {
  id: string;
  slug: string;
  name: string;
  description: string;
  status: ProductStatus;
  collectionIds: string[];
  /** Its place in the order of collections that have put it in one. */
  places?: Record<string, number>;
  attributes: Record<string, string>;
  media: { url: string; alt: string }[];
  variants: Variant[];
  priceFromMinor: number;
  currency: string;
  version: number;
  createdAtUs: number;
  updatedAtUs: number;
}

/** What is known of a product so far; a clock of 0 has said nothing yet. */
export interface Projected {
  productClockUs: number;
  stockClockUs: number;
  writtenAtUs: number;
  deleted: boolean;
  document: ProductDocument | undefined;
  stock: Record<string, number>;
}

export const NOTHING: Projected = {
  productClockUs: 0,
  stockClockUs: 0,
  writtenAtUs: 0,
  deleted: false,
  document: undefined,
  stock: {},
};

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
    ...(Object.keys(product.places).length > 0 && { places: product.places }),
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

/** The next state, or undefined when the event is not newer than what its source said last. */
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

/** In stock when any variant has units left. */
export const isInStock = ({ document, stock }: Projected): boolean =>
  document?.variants.some((variant) => (stock[variant.sku] ?? 0) > 0) ?? false;

/** Later than everything written before: the second wall against a slow, replaced writer. */
export const writeTimestampUs = ({ productClockUs, stockClockUs, writtenAtUs }: Projected) =>
  Math.max(productClockUs, stockClockUs, writtenAtUs + 1);
