// Plans the writes of one product's rows, and judges every row on its own.
import type {
  ImportRow,
  PlannedProduct,
  PlannedVariant,
  RowCode,
  RowResult,
} from '../../domain/catalogue/imports.ts';
import {
  currencyOf,
  DEFAULT_CURRENCY,
  minorFromNumber,
  type Currency,
} from '../../domain/money.ts';
import {
  DESCRIPTION_LENGTH_MAX,
  NAME_LENGTH_MAX,
  SKU_PATTERN,
  slugOf,
  VARIANTS_MAX,
  type ProductStatus,
} from '../../domain/product.ts';
import { STOCK_QUANTITY_MAX } from '../../domain/stock.ts';
import { textOfHtml } from './html.ts';

const TEXT_LENGTH_MAX = 500;
const MEDIA_MAX = 50;
const ATTRIBUTES_MAX = 50;
const SKU_LENGTH_MAX = 64;

const STATUSES: Record<string, ProductStatus> = {
  active: 'published',
  published: 'published',
  draft: 'draft',
  archived: 'archived',
};

/** A row that is refused, with the reason. */
class Refused extends Error {
  constructor(
    readonly code: RowCode,
    message: string,
  ) {
    super(message);
  }
}

const refuse = (message: string): Refused => new Refused('INVALID_INPUT', message);

const hasBrokenText = (row: ImportRow): boolean =>
  Object.values({ ...row, ...row.options, ...row.attributes }).some(
    (value) => typeof value === 'string' && (/[\0\uFFFD]/.test(value) || !value.isWellFormed()),
  );

const AMOUNT = /^[$€£¥]?\s*(\d{1,12}|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?$/;

/** Reads "29.99" or "$1,299.00" as minor units, without floating-point error. */
const minorOf = (text: string, currency: Currency, path: string): number => {
  const [, whole, decimals = ''] = AMOUNT.exec(text) ?? [];
  if (whole === undefined) throw refuse(`${path} is not an amount of zero or more`);
  // "29.9000" is as precise as "29.90".
  const amount = Number(`${whole.replaceAll(',', '')}.${decimals.replace(/0+$/, '') || '0'}`);
  try {
    return minorFromNumber(amount, currency, path);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : `${path} is wrong`);
  }
};

/** Stock that cannot be taken is left out with a note: shops count below zero what they owe. */
const stockOf = (text: string | undefined): { stock: number | undefined; note?: string } => {
  if (text === undefined) return { stock: undefined };
  const quantity = /^\d{1,10}(?:\.0+)?$/.test(text) ? Number(text) : Number.NaN;
  if (quantity <= STOCK_QUANTITY_MAX) return { stock: quantity };
  return { stock: undefined, note: 'stock was left out: it is no whole number of zero or more' };
};

const optionsOf = ({ options }: ImportRow): Record<string, string> => {
  const entries = Object.entries(options).filter(
    ([name, value]) => !(name === 'Title' && value === 'Default Title'),
  );
  if (entries.some((entry) => entry.some((text) => text.length > TEXT_LENGTH_MAX))) {
    throw refuse('an option is too long');
  }
  return Object.fromEntries(entries);
};

const skuOf = (row: ImportRow, slug: string, options: Record<string, string>): string => {
  const made = [slug, ...Object.values(options).map(slugOf)].join('-').toUpperCase();
  const sku = row.sku ?? made.slice(0, SKU_LENGTH_MAX);
  if (!SKU_PATTERN.test(sku)) throw refuse('sku has characters that no sku may have');
  return sku;
};

const currencyIn = (row: ImportRow): Currency => {
  try {
    return row.currency ? currencyOf(row.currency.toUpperCase()) : DEFAULT_CURRENCY;
  } catch {
    throw refuse('currency is not one that is known');
  }
};

const variantOf = (
  row: ImportRow,
  slug: string,
  position: number,
): PlannedVariant & { note?: string } => {
  const options = optionsOf(row);
  const currency = currencyIn(row);
  if (row.price === undefined) throw refuse('price is missing');
  const compareAt = row.compareAt ? minorOf(row.compareAt, currency, 'compare-at price') : 0;
  return {
    row: row.row,
    ...stockOf(row.stock),
    variant: {
      sku: skuOf(row, slug, options),
      title: (row.title ?? Object.values(options).join(' / ')).slice(0, NAME_LENGTH_MAX),
      options,
      priceMinor: minorOf(row.price, currency, 'price'),
      currency,
      ...(compareAt > 0 && { compareAtMinor: compareAt }),
      position,
    },
  };
};

/** A row with more of the product and no variant. */
const isMore = (row: ImportRow): boolean =>
  row.price === undefined && row.sku === undefined && Object.keys(row.options).length === 0;

/** A row that describes the product: it has no options, and other rows of the product have some. */
const isMaster = (row: ImportRow, rows: ImportRow[]): boolean =>
  rows.length > 1 &&
  row.stock === undefined &&
  Object.keys(row.options).length === 0 &&
  rows.some((other) => other !== row && Object.keys(other.options).length > 0);

/** Text is never longer than its markup, so most descriptions are not parsed for this. */
const isTooLong = (description: string): boolean =>
  description.length > DESCRIPTION_LENGTH_MAX &&
  textOfHtml(description).length > DESCRIPTION_LENGTH_MAX;

const checkProduct = (row: ImportRow): void => {
  if (row.problem) throw new Refused('MALFORMED_ROW', row.problem);
  if (hasBrokenText(row)) throw new Refused('MALFORMED_ROW', 'is not clean UTF-8 text');
  if ((row.name?.length ?? 0) > NAME_LENGTH_MAX) throw refuse('name is too long');
  if (isTooLong(row.description ?? '')) throw refuse('description is too long');
  if (row.status && !STATUSES[row.status.toLowerCase()])
    throw refuse('status is not one that is known');
  const attributes = Object.entries(row.attributes);
  if (attributes.length > ATTRIBUTES_MAX) throw refuse('attributes are too many');
  if (attributes.some(([name, value]) => name.length > 100 || value.length > TEXT_LENGTH_MAX)) {
    throw refuse('an attribute is too long');
  }
};

const isUrl = ({ url }: { url: string }): boolean => /^https?:\/\/\S{1,1990}$/.test(url);

/** Takes the product's own fields of a row; the first value of a field wins. */
const takeProduct = (planned: PlannedProduct, row: ImportRow): string | undefined => {
  planned.name ??= row.name;
  planned.description ??= row.description === undefined ? undefined : textOfHtml(row.description);
  planned.status ??= row.status === undefined ? undefined : STATUSES[row.status.toLowerCase()];
  // A product that its shop keeps hidden is not for sale, whatever its status is called.
  if (row.isPublished) planned.status ??= 'published';
  if (row.isPublished === false && planned.status !== 'archived') planned.status = 'draft';
  planned.attributes = { ...row.attributes, ...planned.attributes };
  planned.categories.push(...row.categories);
  const media = row.media
    .filter(isUrl)
    .filter(({ url }) => planned.media.every((one) => one.url !== url));
  planned.media.push(...media.slice(0, MEDIA_MAX - planned.media.length));
  return row.media.every(isUrl) ? undefined : 'an image was left out: it is not a URL';
};

/** Adds the row's variant; returns what was left out of it. */
const takeVariant = (planned: PlannedProduct, row: ImportRow): string | undefined => {
  const { note, ...next } = variantOf(row, planned.slug, planned.variants.length);
  const { sku, currency } = next.variant;
  const [first] = planned.variants;
  if (first && first.variant.currency !== currency) {
    throw new Refused('OTHER_CURRENCY', `a product has one currency: ${first.variant.currency}`);
  }
  const same = planned.variants.find(({ variant }) => variant.sku === sku);
  if (same) {
    const isRepeated =
      same.variant.priceMinor === next.variant.priceMinor &&
      JSON.stringify(same.variant.options) === JSON.stringify(next.variant.options);
    if (isRepeated) return note;
    throw refuse('sku is given twice');
  }
  if (planned.variants.length >= VARIANTS_MAX)
    throw refuse(`there are more than ${VARIANTS_MAX} variants`);
  planned.variants.push(next);
  return note;
};

const refusalOf = (work: () => void): Refused | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
};

const judged = (planned: PlannedProduct, row: ImportRow, rows: ImportRow[]): RowResult => {
  const { row: number, sku } = row;
  const unclean = refusalOf(() => checkProduct(row));
  const isOfProduct = isMore(row) || isMaster(row, rows);
  let leftOut: string | undefined;
  const take = (): void => {
    if (!isOfProduct) leftOut = takeVariant(planned, row);
  };
  const refused = unclean ?? refusalOf(take);
  const isForeign = refused?.code === 'OTHER_CURRENCY';
  // A refused variant's row still names its product: often no other row has the name.
  const ofProduct = unclean || isForeign ? undefined : takeProduct(planned, row);
  const notes = [leftOut, ofProduct].filter((note) => note !== undefined);
  const note = notes.length > 0 ? notes.join('; ') : undefined;
  if (!refused) return { row: number, status: 'succeeded', sku, message: note };
  const { code, message } = refused;
  return { row: number, status: isForeign ? 'skipped' : 'failed', code, message, sku };
};

/** Plans the product that these rows make; a failed row does not affect the others. */
export const planProduct = (
  rows: ImportRow[],
  slug: string,
  hasOwnSlug: boolean,
): PlannedProduct => {
  const planned: PlannedProduct = {
    slug,
    hasOwnSlug,
    name: undefined,
    description: undefined,
    status: undefined,
    attributes: {},
    media: [],
    categories: [],
    variants: [],
    results: [],
  };
  planned.results = rows.map((row) => judged(planned, row, rows));
  return planned;
};
