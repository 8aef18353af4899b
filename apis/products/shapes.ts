// Request schemas of the Products API, and the conversion of products to and from them.
import { z } from 'zod';
import { invalid } from '../../domain/errors.ts';
import { isId, newId, type CollectionId, type ProductId, type StoreId } from '../../domain/ids.ts';
import {
  DEFAULT_CURRENCY,
  minorFromNumber,
  numberFromMinor,
  type Currency,
} from '../../domain/money.ts';
import {
  defaultSku,
  isTooLong,
  DESCRIPTION_LENGTH_MAX,
  NAME_LENGTH_MAX,
  PRODUCT_STATUSES,
  SKU_LENGTH_MAX,
  SKU_PATTERN,
  SLUG_LENGTH_MAX,
  slugOf,
  VARIANTS_MAX,
  withSinglePrice,
  type Collection,
  type Product,
  type Variant,
} from '../../domain/product.ts';
import { currencyText } from '../http/openapi/texts.ts';
import type { ProductDraft } from '../../db/postgres/catalogue/products.ts';

/** The most products in one request. */
export const BATCH_MAX = 1_000;
export const MAP_ENTRIES_MAX = 50;
export const MEDIA_MAX = 50;
const COLLECTIONS_MAX = 100;

const name = z.string().trim().min(1).max(NAME_LENGTH_MAX);
const description = z.string().max(DESCRIPTION_LENGTH_MAX);
const slug = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/)
  .max(SLUG_LENGTH_MAX);
const price = z.number().min(0);
const textMap = z
  .record(z.string().min(1).max(100), z.string().max(500))
  .refine((map) => Object.keys(map).length <= MAP_ENTRIES_MAX, 'has too many entries')
  .meta({ maxProperties: MAP_ENTRIES_MAX });
const media = z
  .array(z.strictObject({ url: z.url().max(2000), alt: z.string().max(500).default('') }))
  .max(MEDIA_MAX);

const variant = z.strictObject({
  sku: z.string().regex(SKU_PATTERN).max(SKU_LENGTH_MAX),
  title: z.string().max(NAME_LENGTH_MAX).default(''),
  options: textMap.default({}),
  price,
  currency: currencyText.default(DEFAULT_CURRENCY),
  compareAtPrice: price.optional(),
  position: z.number().int().min(0).max(10_000).optional(),
});
const variants = z.array(variant).min(1).max(VARIANTS_MAX);

const optionalFields = {
  slug: slug.optional(),
  status: z.enum(PRODUCT_STATUSES).optional(),
  attributes: textMap.optional(),
  media: media.optional(),
  variants: variants.optional(),
  price: price.optional(),
  currency: currencyText.optional(),
};

export const productBody = z
  .strictObject({ name, description: description.default(''), ...optionalFields })
  .refine((body) => (body.price === undefined) !== (body.variants === undefined), {
    path: ['price'],
    message: 'send either price or variants',
  });
export const productChange = z
  .strictObject({ name: name.optional(), description: description.optional(), ...optionalFields })
  .refine((body) => body.price === undefined || body.variants === undefined, {
    path: ['price'],
    message: 'send either price or variants',
  });
export const collectionBody = z.strictObject({ name, description: description.default('') });
export const collectionChange = z.strictObject({
  name: name.optional(),
  description: description.optional(),
});
export const membershipBody = z.strictObject({
  collectionIds: z
    .array(z.custom<CollectionId>((value) => isId('collection', value), 'is not a collection id'))
    .max(COLLECTIONS_MAX)
    .transform((ids) => [...new Set(ids)]),
});

const MEMBERS_ORDERED_MAX = 1_000;
/** The products that come first in a collection, each once. */
export const memberOrder = z.strictObject({
  productIds: z
    .array(z.custom<ProductId>((value) => isId('product', value), 'is not a product id'))
    .max(MEMBERS_ORDERED_MAX)
    .refine((ids) => new Set(ids).size === ids.length, 'names a product twice'),
});

export type ProductBody = z.output<typeof productBody>;
export type ProductChange = z.output<typeof productChange>;
type VariantBody = z.output<typeof variant>;

const variantsOf = (bodies: VariantBody[]): Variant[] => {
  const skus = bodies.map((body) => body.sku);
  const twice = skus.findIndex((sku, at) => skus.indexOf(sku) !== at);
  if (twice >= 0) throw invalid(`variants.${twice}.sku`, 'is given twice');
  const currencies = new Set(bodies.map((body) => body.currency));
  if (currencies.size > 1) throw invalid('variants', 'must all have one currency');
  return bodies.map(({ price: amount, compareAtPrice, ...body }, at) => ({
    ...body,
    priceMinor: minorFromNumber(amount, body.currency, `variants.${at}.price`),
    position: body.position ?? at,
    ...(compareAtPrice !== undefined && {
      compareAtMinor: minorFromNumber(
        compareAtPrice,
        body.currency,
        `variants.${at}.compareAtPrice`,
      ),
    }),
  }));
};

const bounded = (draft: ProductDraft): ProductDraft => {
  if (isTooLong(draft)) throw invalid('variants', 'make the product longer than 256 KiB');
  return draft;
};

/** A new product from a body; a plain `price` makes the default variant. */
export const draftOf = (storeId: StoreId, body: ProductBody): ProductDraft => {
  const id = newId('product');
  const ownCurrency: Currency = body.currency ?? DEFAULT_CURRENCY;
  const single = (): Variant => ({
    sku: defaultSku(id),
    title: '',
    options: {},
    priceMinor: minorFromNumber(body.price ?? 0, ownCurrency),
    currency: ownCurrency,
    position: 0,
  });
  return bounded({
    id,
    storeId,
    slug: body.slug ?? `${slugOf(body.name) || 'product'}-${defaultSku(id).slice(-8)}`,
    name: body.name,
    description: body.description,
    status: body.status ?? 'published',
    attributes: body.attributes ?? {},
    media: body.media ?? [],
    variants: body.variants ? variantsOf(body.variants) : [single()],
  });
};

/** The changed product; absent fields stay. PRICE_AMBIGUOUS, INVALID_INPUT. */
export const changed = (present: Product, change: ProductChange): ProductDraft => {
  const repriced = (amount: number): Variant[] => {
    const one = change.currency ?? present.variants[0]?.currency ?? DEFAULT_CURRENCY;
    return withSinglePrice(present.variants, minorFromNumber(amount, one)).map((variantNow) => ({
      ...variantNow,
      currency: one,
    }));
  };
  const nextVariants = (): Variant[] => {
    if (change.variants) return variantsOf(change.variants);
    return change.price === undefined ? present.variants : repriced(change.price);
  };
  return bounded({
    id: present.id,
    storeId: present.storeId,
    slug: change.slug ?? present.slug,
    name: change.name ?? present.name,
    description: change.description ?? present.description,
    status: change.status ?? present.status,
    attributes: change.attributes ?? present.attributes,
    media: change.media ?? present.media,
    variants: nextVariants(),
  });
};

/** A product's response: prices as numbers, without internal clocks and positions. */
export const toProductResponse = ({
  clockUs: _,
  positions: __,
  variants: list,
  ...product
}: Product) => ({
  ...product,
  variants: list.map(({ priceMinor, compareAtMinor, ...rest }) => ({
    ...rest,
    price: numberFromMinor(priceMinor, rest.currency),
    ...(compareAtMinor !== undefined && {
      compareAtPrice: numberFromMinor(compareAtMinor, rest.currency),
    }),
  })),
});

export const toCollectionResponse = ({ clockUs: _, ...collection }: Collection) => collection;
