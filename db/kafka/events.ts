// Encodes domain values as protobuf events for the outbox.
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { Collection, Product } from '../../domain/product.ts';
import {
  CatalogueSentSchema,
  CollectionChangedSchema,
  OrderChangedSchema,
  ProductChangedSchema,
  StockChangedSchema,
  type OrderChanged,
} from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { messageOf, type Fillings } from '../../proto/fill.ts';
import type { OutboxEvent } from '../postgres/outbox.ts';
import type { OutgoingMessage } from './client.ts';
import { eventKey, PROGRESS_TOPIC, TOPICS } from './topics.ts';

const microsOf = (iso: string): bigint => BigInt(Date.parse(iso)) * 1000n;

const productBody = (product: Product) => ({
  slug: product.slug,
  name: product.name,
  description: product.description,
  status: product.status,
  collectionIds: product.collectionIds,
  places: product.positions,
  attributes: product.attributes,
  media: product.media,
  variants: product.variants.map((variant) => ({
    sku: variant.sku,
    title: variant.title,
    options: variant.options,
    priceMinor: BigInt(variant.priceMinor),
    currency: variant.currency,
    position: variant.position,
    ...(variant.compareAtMinor !== undefined && {
      compareAtMinor: BigInt(variant.compareAtMinor),
    }),
  })),
  createdAtUs: microsOf(product.createdAt),
  updatedAtUs: microsOf(product.updatedAt),
});

/** The fields published for a product even after its deletion. */
export type PublishedProduct = Pick<Product, 'storeId' | 'id' | 'version' | 'clockUs'>;

/** The whole product and its clock; of a deleted one there is no body. */
export const productMessage = (
  last: PublishedProduct,
  product: Product | undefined,
): MessageInitShape<typeof ProductChangedSchema> => ({
  storeId: last.storeId,
  productId: last.id,
  version: BigInt(last.version),
  clockUs: BigInt(last.clockUs),
  deleted: product === undefined,
  ...(product && { product: productBody(product) }),
});

const productEvent = (last: PublishedProduct, product: Product | undefined): OutboxEvent => ({
  topic: TOPICS.products,
  key: eventKey(last.storeId, last.id),
  eventType: product ? 'ProductChanged' : 'ProductDeleted',
  value: toBinary(
    ProductChangedSchema,
    create(ProductChangedSchema, productMessage(last, product)),
  ),
});

export const productChanged = (product: Product): OutboxEvent => productEvent(product, product);
export const productDeleted = (last: PublishedProduct): OutboxEvent =>
  productEvent(last, undefined);

/** The published fields of a collection. */
export type PublishedCollection = Omit<Collection, 'createdAt' | 'updatedAt'>;

export const collectionChanged = (
  collection: PublishedCollection,
  deleted = false,
): OutboxEvent => ({
  topic: TOPICS.collections,
  key: eventKey(collection.storeId, collection.id),
  eventType: deleted ? 'CollectionDeleted' : 'CollectionChanged',
  value: toBinary(
    CollectionChangedSchema,
    create(CollectionChangedSchema, {
      storeId: collection.storeId,
      collectionId: collection.id,
      version: BigInt(collection.version),
      clockUs: BigInt(collection.clockUs),
      deleted,
      name: collection.name,
      description: collection.description,
    }),
  ),
});

export interface ProductStock {
  storeId: string;
  productId: string;
  clockUs: number;
  skus: { sku: string; available: number }[];
}

/** The stock of all skus of one product. */
export const stockChanged = (stock: ProductStock): OutboxEvent => ({
  topic: TOPICS.stock,
  key: eventKey(stock.storeId, stock.productId),
  eventType: 'StockChanged',
  value: toBinary(
    StockChangedSchema,
    create(StockChangedSchema, { ...stock, clockUs: BigInt(stock.clockUs) }),
  ),
});

/** One transition of an order, with the whole state it led to; nothing personal. */
export const orderChanged = (event: Fillings<OrderChanged>): OutboxEvent => ({
  topic: TOPICS.orders,
  key: eventKey(event.facts?.storeId ?? '', event.facts?.id ?? ''),
  eventType: event.type ?? '',
  value: toBinary(OrderChangedSchema, messageOf(OrderChangedSchema, event)),
});

/** States that everything of the catalogue committed before this time is on its topics. */
export const catalogueSent = (beforeMs: number): OutgoingMessage => ({
  topic: PROGRESS_TOPIC,
  key: 'catalogue',
  value: toBinary(
    CatalogueSentSchema,
    create(CatalogueSentSchema, { beforeUs: BigInt(Math.floor(beforeMs * 1_000)) }),
  ),
  headers: {},
});
