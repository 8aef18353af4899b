// Response schemas of the Products API.
import { z } from 'zod';
import {
  DECIMAL_SIGNS,
  ENCODINGS,
  ORIGINS,
  SAMPLES_MAX,
  UNKNOWN_COLUMNS_MAX,
} from '../../domain/catalogue/import-report.ts';
import { FILE_FORMATS, IMPORT_FORMATS, ROW_STATUSES } from '../../domain/catalogue/imports.ts';
import {
  DESCRIPTION_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PRODUCT_STATUSES,
  SKU_LENGTH_MAX,
  SKU_PATTERN,
  VARIANTS_MAX,
} from '../../domain/product.ts';
import { LIMIT_MAX } from '../http/cursors.ts';
import {
  codeText,
  currencyText,
  cursorText,
  idText,
  moment,
  words,
} from '../http/openapi/texts.ts';
import { FIELDS_MAX, TEXT_LENGTH_MAX } from '../http/problems.ts';
import { BATCH_MAX, MAP_ENTRIES_MAX, MEDIA_MAX } from './shapes.ts';

/** An import may put a product into more collections than one request does. */
const COLLECTIONS_MAX = 10_000;

const sku = z.string().regex(SKU_PATTERN).max(SKU_LENGTH_MAX);
const texts = z.record(words(100), words(500)).meta({ maxProperties: MAP_ENTRIES_MAX });
const about = { name: words(NAME_LENGTH_MAX), description: words(DESCRIPTION_LENGTH_MAX) };
const times = { version: z.number().int(), createdAt: moment, updatedAt: moment };

export const productResponse = z.object({
  id: idText('product'),
  storeId: idText('store'),
  slug: z
    .string()
    .regex(/^[a-z0-9-]+$/)
    .max(120),
  ...about,
  status: z.enum(PRODUCT_STATUSES),
  collectionIds: z.array(idText('collection')).max(COLLECTIONS_MAX),
  attributes: texts,
  media: z.array(z.object({ url: words(2_000), alt: words(500) })).max(MEDIA_MAX),
  variants: z
    .array(
      z.object({
        sku,
        title: words(NAME_LENGTH_MAX),
        options: texts,
        price: z.number(),
        currency: currencyText,
        compareAtPrice: z.number().optional(),
        position: z.number().int(),
      }),
    )
    .max(VARIANTS_MAX),
  ...times,
});

export const collectionResponse = z.object({
  id: idText('collection'),
  storeId: idText('store'),
  ...about,
  handle: words(NAME_LENGTH_MAX).optional(),
  parentId: idText('collection').optional(),
  ...times,
});

const count = z.number().int().min(0);

export const importResponse = z.object({
  id: idText('import'),
  status: z.enum(['running', 'paused', 'completed', 'failed']),
  format: z.enum(IMPORT_FORMATS),
  rows: z.object({ total: count, succeeded: count, failed: count, skipped: count }),
  reason: words(TEXT_LENGTH_MAX).optional(),
  dryRun: z.literal(true).optional().describe('Nothing is written but the report.'),
  createdAt: moment,
});

const sample = z.object({
  row: z.number().int(),
  name: words(NAME_LENGTH_MAX),
  sku: words(SKU_LENGTH_MAX).optional(),
  productId: idText('product').optional(),
});
const firstOf = <T extends z.ZodType>(item: T) =>
  z.object({ count, first: z.array(item).max(SAMPLES_MAX) });

const report = z
  .object({
    format: z.enum(FILE_FORMATS),
    source: words(TEXT_LENGTH_MAX).describe('Whose handles and external ids the file has.'),
    encoding: z.enum(ENCODINGS),
    currency: z
      .object({ code: currencyText, from: z.enum(ORIGINS) })
      .describe('The currency of rows that name none, and who says so.'),
    decimal: z.object({ sign: z.enum(DECIMAL_SIGNS), from: z.enum(ORIGINS) }),
    unknownColumns: z
      .array(
        z.object({
          column: words(TEXT_LENGTH_MAX),
          values: count,
          suggestion: words(TEXT_LENGTH_MAX).optional(),
        }),
      )
      .max(UNKNOWN_COLUMNS_MAX)
      .describe('Columns of which nothing is taken, and the column that is probably meant.'),
    made: firstOf(sample).optional().describe('Products; like all below, once it has ended.'),
    changed: firstOf(sample.extend({ fields: z.array(words(TEXT_LENGTH_MAX)).max(20) })).optional(),
    refused: firstOf(
      z.object({
        row: z.number().int(),
        code: codeText,
        message: words(TEXT_LENGTH_MAX),
        sku: words(NAME_LENGTH_MAX).optional(),
      }),
    )
      .optional()
      .describe('Rows that are not taken.'),
    leftOut: firstOf(
      z.object({
        row: z.number().int(),
        message: words(TEXT_LENGTH_MAX),
        sku: words(NAME_LENGTH_MAX).optional(),
      }),
    )
      .optional()
      .describe('Rows that are taken without some of their values.'),
  })
  .meta({ title: 'ImportReport' });

export const importWithReport = importResponse.extend({
  report: report.optional().describe('Present once the file has been read.'),
});

export const rowResponse = z.object({
  row: z.number().int(),
  status: z.enum(ROW_STATUSES),
  code: codeText.nullable(),
  message: words(TEXT_LENGTH_MAX).nullable(),
  sku: words(NAME_LENGTH_MAX).nullable().describe('The sku as written in the file.'),
  productId: idText('product').nullable(),
});

const field = z.object({ path: words(TEXT_LENGTH_MAX), message: words(TEXT_LENGTH_MAX) });

export const batchResponse = z.object({
  results: z
    .array(
      z.object({
        index: z.number().int(),
        status: z.number().int(),
        id: idText('product').optional(),
        version: z.number().int().optional(),
        code: codeText.optional(),
        detail: words(TEXT_LENGTH_MAX).optional(),
        errors: z.array(field).max(FIELDS_MAX).optional(),
      }),
    )
    .max(BATCH_MAX),
});

/** A page of a list. */
export const listResponse = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item).max(LIMIT_MAX), nextCursor: cursorText.nullable() });
