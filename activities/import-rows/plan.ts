// Plans the writes of one product's rows, and judges every row on its own.
import type { ImportReading } from '../../domain/catalogue/import-report.ts';
import {
  KEY_LENGTH_MAX,
  type ImportRow,
  type PlannedProduct,
  type PlannedVariant,
  type RowCode,
  type RowResult,
} from '../../domain/catalogue/imports.ts';
import { currencyOf, decimalsOf, minorFromNumber, type Currency } from '../../domain/money.ts';
import {
  DESCRIPTION_LENGTH_MAX,
  NAME_LENGTH_MAX,
  SKU_LENGTH_MAX,
  SKU_PATTERN,
  slugOf,
  VARIANTS_MAX,
  type ProductStatus,
  type Variant,
} from '../../domain/product.ts';
import { STOCK_QUANTITY_MAX } from '../../domain/stock.ts';
import { agrees, amountOf, currencyBeside, evidenceOf, shownCell, withPoint } from './amounts.ts';
import { textOfHtml } from './html.ts';

const TEXT_LENGTH_MAX = 500;
const MEDIA_MAX = 50;
const ATTRIBUTES_MAX = 50;

const STATUSES: Record<string, ProductStatus> = {
  active: 'published',
  published: 'published',
  draft: 'draft',
  archived: 'archived',
  // Words of other shops for what shoppers are not shown.
  inactive: 'draft',
  disabled: 'draft',
  hidden: 'draft',
  private: 'draft',
  pending: 'draft',
  unlisted: 'draft',
};

const NOT_CLEAN = 'is not clean UTF-8 text: name its encoding, such as encoding=windows-1252';

/** The rows of a product, and whether one of them has options. */
interface Rows {
  rows: ImportRow[];
  hasOptions: boolean;
}

/** A product's plan so far, and how its file is read. */
interface Planning {
  planned: PlannedProduct;
  reading: ImportReading;
}

const statusOf = (text: string): ProductStatus | undefined => {
  const name = text.toLowerCase();
  return Object.hasOwn(STATUSES, name) ? STATUSES[name] : undefined;
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

/** A number's digits after the point, without zeros at the end. */
const fractionOf = (point: string): string => (point.split('.')[1] ?? '').replace(/0+$/, '');

/** "1,299" may be 1299 or 1.299, unless the file or its uploader says which. */
const isDoubtful = (number: string, currency: Currency, { decimal }: ImportReading): boolean => {
  if (decimal.from !== 'default' || evidenceOf(number) !== 'doubtful') return false;
  return !(number.includes('.') && decimalsOf(currency) === 3);
};

/** Reads an amount as minor units, without floating-point error. */
const minorOf = (
  given: string | number,
  currency: Currency,
  reading: ImportReading,
  path: string,
): number => {
  const text = String(given);
  const amount = typeof given === 'number' ? undefined : amountOf(text);
  if (amount && !agrees(amount, currency)) {
    throw refuse(`${path}: ${shownCell(text)} is not in ${currency}: import with currency=`);
  }
  if (amount && isDoubtful(amount.number, currency, reading)) {
    throw refuse(
      `${path}: ${shownCell(text)} can be read in two ways: import with decimal=. or decimal=,`,
    );
  }
  const point = amount ? withPoint(amount.number, reading.decimal.sign) : text;
  const isNumber = typeof given === 'number' ? given >= 0 : amount !== undefined;
  if (point === undefined || !isNumber) throw refuse(`${path} is not an amount of zero or more`);
  // "29.9000" is as precise as "29.90".
  const [whole = ''] = point.split('.');
  const value = typeof given === 'number' ? given : Number(`${whole}.${fractionOf(point) || '0'}`);
  try {
    return minorFromNumber(value, currency, path);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : `${path} is wrong`);
  }
};

/** Stock that cannot be taken is left out with a note: shops count below zero what they owe. */
const stockOf = (
  text: string | undefined,
  { decimal }: ImportReading,
): { stock: number | undefined; note?: string } => {
  if (text === undefined) return { stock: undefined };
  const isClear = decimal.from !== 'default' || evidenceOf(text) !== 'doubtful';
  const point = isClear ? withPoint(text, decimal.sign) : undefined;
  const quantity = point !== undefined && fractionOf(point) === '' ? Number(point) : Number.NaN;
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

const skuOf = (
  row: ImportRow,
  slug: string,
  options: Record<string, string>,
): { sku: string; hasOwnSku: boolean } => {
  if (row.sku === undefined) {
    const made = [slug, ...Object.values(options).map(slugOf)].filter((part) => part !== '');
    const sku = made.join('-').toUpperCase().slice(0, SKU_LENGTH_MAX).replace(/-$/, '');
    return { sku, hasOwnSku: false };
  }
  if (row.sku.length > SKU_LENGTH_MAX) throw refuse(`sku is longer than ${SKU_LENGTH_MAX}`);
  if (!SKU_PATTERN.test(row.sku)) throw refuse('sku has characters that cannot be printed');
  return { sku: row.sku, hasOwnSku: true };
};

/** The row's own currency, the code beside its price, or that of the whole file. */
const currencyIn = (row: ImportRow, reading: ImportReading): Currency => {
  const beside = typeof row.price === 'string' ? currencyBeside(amountOf(row.price)) : undefined;
  try {
    return row.currency
      ? currencyOf(row.currency.toUpperCase())
      : (beside ?? reading.currency.code);
  } catch {
    throw refuse('currency is not one that is known');
  }
};

const variantOf = (
  row: ImportRow,
  { planned, reading }: Planning,
): PlannedVariant & { note?: string } => {
  const options = optionsOf(row);
  const currency = currencyIn(row, reading);
  if (row.price === undefined) throw refuse('price is missing');
  const compareAt = row.compareAt
    ? minorOf(row.compareAt, currency, reading, 'compare-at price')
    : 0;
  const { sku, hasOwnSku } = skuOf(row, planned.slug, options);
  return {
    row: row.row,
    hasOwnSku,
    ...stockOf(row.stock, reading),
    variant: {
      sku,
      title: (row.title ?? Object.values(options).join(' / ')).slice(0, NAME_LENGTH_MAX),
      options,
      priceMinor: minorOf(row.price, currency, reading, 'price'),
      currency,
      ...(compareAt > 0 && { compareAtMinor: compareAt }),
      position: planned.variants.length,
    },
  };
};

/** A row with more of the product and no variant. */
const isMore = (row: ImportRow): boolean =>
  row.price === undefined &&
  row.sku === undefined &&
  row.stock === undefined &&
  row.compareAt === undefined &&
  Object.keys(row.options).length === 0;

/**
 * A row that describes the product, as Spree has it: the first one, which has no options, where
 * others have some.
 */
const isMaster = (row: ImportRow, { rows, hasOptions }: Rows): boolean =>
  row.isMaster ??
  (row === rows[0] &&
    rows.length > 1 &&
    row.stock === undefined &&
    Object.keys(row.options).length === 0 &&
    hasOptions);

/** Text is never longer than its markup, so most descriptions are not parsed for this. */
const isTooLong = (description: string): boolean =>
  description.length > DESCRIPTION_LENGTH_MAX &&
  textOfHtml(description).length > DESCRIPTION_LENGTH_MAX;

const checkProduct = (row: ImportRow): void => {
  if (row.problem) throw new Refused('MALFORMED_ROW', row.problem);
  if (hasBrokenText(row)) throw new Refused('MALFORMED_ROW', NOT_CLEAN);
  if (row.keys.some((key) => key.length > KEY_LENGTH_MAX)) throw refuse('the handle is too long');
  if ((row.name?.length ?? 0) > NAME_LENGTH_MAX) throw refuse('name is too long');
  if (isTooLong(row.description ?? '')) throw refuse('description is too long');
  if (row.status && !statusOf(row.status)) throw refuse('status is not one that is known');
  const attributes = Object.entries(row.attributes);
  if (attributes.length > ATTRIBUTES_MAX) throw refuse('attributes are too many');
  if (attributes.some(([name, value]) => name.length > 100 || value.length > TEXT_LENGTH_MAX)) {
    throw refuse('an attribute is too long');
  }
};

const isUrl = ({ url }: { url: string }): boolean => /^https?:\/\/\S{1,1990}$/.test(url);

const takeStatus = (planned: PlannedProduct, row: ImportRow): void => {
  planned.status ??= row.status === undefined ? undefined : statusOf(row.status);
  // A product that its shop keeps hidden is not for sale, whatever its status is called.
  if (row.isPublished) planned.status ??= 'published';
  if (row.isPublished === false && planned.status !== 'archived') planned.status = 'draft';
};

/** Takes the product's own fields of a row; the first value of a field wins. */
const takeProduct = (planned: PlannedProduct, row: ImportRow): string | undefined => {
  planned.name ??= row.name;
  planned.description ??= row.description === undefined ? undefined : textOfHtml(row.description);
  takeStatus(planned, row);
  planned.attributes = { ...row.attributes, ...planned.attributes };
  planned.categories.push(...row.categories);
  const media = row.media
    .filter(isUrl)
    .filter(({ url }) => planned.media.every((one) => one.url !== url));
  planned.media.push(...media.slice(0, MEDIA_MAX - planned.media.length));
  return row.media.every(isUrl) ? undefined : 'an image was left out: it is not a URL';
};

const sameOptions = (a: Variant, b: Variant): boolean =>
  JSON.stringify(a.options) === JSON.stringify(b.options);

/** A sku that is made must not be another variant's: "B" and "B+" both make "B". */
const withFreeSku = (next: PlannedVariant, planned: PlannedVariant[]): PlannedVariant => {
  const { variant, hasOwnSku } = next;
  const others = planned.filter(({ variant: other }) => !sameOptions(other, variant));
  const isTaken = (sku: string): boolean => others.some((one) => one.variant.sku === sku);
  if (hasOwnSku || !isTaken(variant.sku)) return next;
  const base = variant.sku.slice(0, SKU_LENGTH_MAX - 4);
  const number = planned.findIndex((_, at) => !isTaken(`${base}-${at + 2}`));
  return { ...next, variant: { ...variant, sku: `${base}-${number + 2}` } };
};

/** Adds the row's variant; returns what was left out of it. */
const takeVariant = ({ planned, reading }: Planning, row: ImportRow): string | undefined => {
  const { note, ...read } = variantOf(row, { planned, reading });
  const next = withFreeSku(read, planned.variants);
  const { sku, currency } = next.variant;
  const [first] = planned.variants;
  if (first && first.variant.currency !== currency) {
    throw new Refused('OTHER_CURRENCY', `a product has one currency: ${first.variant.currency}`);
  }
  const same = planned.variants.find(({ variant }) => variant.sku === sku);
  if (same) {
    const isRepeated =
      same.variant.priceMinor === next.variant.priceMinor &&
      sameOptions(same.variant, next.variant);
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

const judged = (planning: Planning, row: ImportRow, rows: Rows): RowResult => {
  const { row: number, sku } = row;
  const unclean = refusalOf(() => checkProduct(row));
  const isOfProduct = isMore(row) || isMaster(row, rows);
  let leftOut: string | undefined;
  const take = (): void => {
    if (!isOfProduct) leftOut = takeVariant(planning, row);
  };
  const refused = unclean ?? refusalOf(take);
  const isForeign = refused?.code === 'OTHER_CURRENCY';
  // A refused variant's row still names its product: often no other row has the name.
  const ofProduct = unclean || isForeign ? undefined : takeProduct(planning.planned, row);
  // A refused row may be the one that hides its product.
  if (unclean) takeStatus(planning.planned, row);
  const notes = [leftOut, ofProduct, ...row.notes].filter((note) => note !== undefined);
  const note = notes.length > 0 ? notes.join('; ') : undefined;
  if (!refused) return { row: number, status: 'succeeded', sku, message: note };
  const { code, message } = refused;
  return { row: number, status: isForeign ? 'skipped' : 'failed', code, message, sku };
};

/** The first of handle, name and sku that makes a slug with a letter in it. */
const slugFrom = (rows: ImportRow[]): string => {
  const [head] = rows;
  const name = rows.find((row) => row.name !== undefined)?.name;
  const texts = [head?.keys[0], name, head?.sku].map((text) => slugOf(text ?? ''));
  return texts.find((slug) => /[a-z]/.test(slug)) ?? 'product';
};

/** Plans the product that these rows make; a failed row does not affect the others. */
export const planProduct = (rows: ImportRow[], reading: ImportReading): PlannedProduct => {
  const planned: PlannedProduct = {
    slug: slugFrom(rows),
    id: rows.find(({ id }) => id !== undefined)?.id,
    keys: [...new Set(rows.flatMap(({ keys }) => keys))],
    name: undefined,
    description: undefined,
    status: undefined,
    attributes: {},
    media: [],
    categories: [],
    variants: [],
    results: [],
  };
  const hasOptions = rows.some(({ options }) => Object.keys(options).length > 0);
  planned.results = rows.map((row) => judged({ planned, reading }, row, { rows, hasOptions }));
  return planned;
};
