// What the Products API answers, as schemas: for its description.
import { z } from 'zod';
import { IMPORT_FORMATS, ROW_STATUSES } from '../../domain/catalogue/imports.ts';
import { CURRENCIES } from '../../domain/money.ts';
import { PRODUCT_STATUSES } from '../../domain/product.ts';

const texts = z.record(z.string(), z.string());

export const productShown = z.object({
  id: z.string(),
  storeId: z.string(),
  slug: z.string(),
  name: z.string(),
  description: z.string(),
  status: z.enum(PRODUCT_STATUSES),
  collectionIds: z.array(z.string()),
  attributes: texts,
  media: z.array(z.object({ url: z.string(), alt: z.string() })),
  variants: z.array(
    z.object({
      sku: z.string(),
      title: z.string(),
      options: texts,
      price: z.number(),
      currency: z.enum(CURRENCIES),
      compareAtPrice: z.number().optional(),
      position: z.number().int(),
    }),
  ),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const collectionShown = z.object({
  id: z.string(),
  storeId: z.string(),
  name: z.string(),
  description: z.string(),
  handle: z.string().optional(),
  parentId: z.string().optional(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const importShown = z.object({
  id: z.string(),
  status: z.enum(['running', 'paused', 'completed', 'failed']),
  format: z.enum(IMPORT_FORMATS),
  rows: z.object({
    total: z.number().int(),
    succeeded: z.number().int(),
    failed: z.number().int(),
    skipped: z.number().int(),
  }),
  reason: z.string().optional(),
  createdAt: z.string(),
});

export const rowShown = z.object({
  row: z.number().int(),
  status: z.enum(ROW_STATUSES),
  code: z.string().nullable(),
  message: z.string().nullable(),
  sku: z.string().nullable(),
  productId: z.string().nullable(),
});

export const batchShown = z.object({
  results: z.array(
    z.object({
      index: z.number().int(),
      status: z.number().int(),
      id: z.string().optional(),
      version: z.number().int().optional(),
      code: z.string().optional(),
      detail: z.string().optional(),
      errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
    }),
  ),
});

/** A page of a list. */
export const listShown = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });
