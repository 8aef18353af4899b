// A product as Products shows it, read as the read side's document.
import { z } from 'zod';
import type { ProductDocument } from '../../db/projections/document.ts';
import { CURRENCIES, minorFromNumber } from '../../domain/money.ts';
import { PRODUCT_STATUSES, priceFromMinor } from '../../domain/product.ts';

const shown = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(PRODUCT_STATUSES),
  collectionIds: z.array(z.string()),
  attributes: z.record(z.string(), z.string()),
  media: z.array(z.object({ url: z.string(), alt: z.string() })),
  version: z.number(),
  createdAt: z.string(),
  updatedAt: z.string(),
  variants: z
    .array(
      z.object({
        sku: z.string(),
        title: z.string(),
        options: z.record(z.string(), z.string()),
        price: z.number(),
        compareAtPrice: z.number().optional(),
        currency: z.enum(CURRENCIES),
        position: z.number(),
      }),
    )
    .min(1),
});

const microsOf = (iso: string): number => Date.parse(iso) * 1_000;

export const documentOfProduct = (json: string): ProductDocument => {
  const { createdAt, updatedAt, ...product } = shown.parse(JSON.parse(json));
  const variants = product.variants.map(({ price, compareAtPrice, ...variant }) => ({
    ...variant,
    priceMinor: minorFromNumber(price, variant.currency),
    ...(compareAtPrice !== undefined && {
      compareAtMinor: minorFromNumber(compareAtPrice, variant.currency),
    }),
  }));
  return {
    ...product,
    variants,
    priceFromMinor: priceFromMinor(variants),
    currency: variants[0]?.currency ?? '',
    createdAtUs: microsOf(createdAt),
    updatedAtUs: microsOf(updatedAt),
  };
};
