// The read side compared by hash: a set with another one, with its own listings, with Postgres.
import { createHash } from 'node:crypto';
import { and, asc, eq, gt } from 'drizzle-orm';
import type { StoreId } from '../../domain/ids.ts';
import type { Cassandra, Row } from '../cassandra/client.ts';
import type { TableSet } from '../cassandra/table-sets.ts';
import type { ListingKey } from '../cassandra/listing-rows.ts';
import { findStored, type StoredProduct } from '../cassandra/products.ts';
import { create, fromBinary } from '@bufbuild/protobuf';
import { ProductChangedSchema } from '../../proto/gen/holdfast/events/v1/events_pb.ts';
import { productChanged } from '../kafka/events.ts';
import { assembleProducts } from '../postgres/catalogue/product-rows.ts';
import type { Pg } from '../postgres/client.ts';
import { products } from '../postgres/schema/products.ts';
import { compareRows, LOOK_EVERY_MS, LOOKS, rowNames } from './compare-listings.ts';
import { documentOf, type ProductDocument } from './document.ts';

const PAGE = 500;
const DIFFERENCES_MAX = 100;

/** One line a difference, for people. */
type Differences = string[];

interface Compared {
  compared: number;
  differences: Differences;
}

interface Product {
  storeId: string;
  id: string;
  clocks: string;
  productClockUs: number;
  isDeleted: boolean;
  /** Of what is shown; none of what is deleted, or has only said its stock. */
  version: number | undefined;
  content: string;
  keys: ListingKey[];
  slug: string | undefined;
}

const hashOf = (...parts: unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex');

const productOf = (row: Row): Product => {
  const document = row['document']
    ? (JSON.parse(String(row['document'])) as ProductDocument)
    : undefined;
  const stock = Object.entries((row['stock'] ?? {}) as Record<string, number>).sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  return {
    storeId: String(row['store_id']),
    id: String(row['product_id']),
    clocks: `${row['product_clock'] ?? 0}/${row['stock_clock'] ?? 0}`,
    productClockUs: Number(row['product_clock'] ?? 0),
    isDeleted: Boolean(row['deleted']),
    version: document?.version,
    content: hashOf(row['deleted'] ?? false, row['document'] ?? null, stock, row['keys'] ?? '[]'),
    keys: JSON.parse(String(row['keys'] ?? '[]')) as ListingKey[],
    slug: document?.slug,
  };
};

/** Every product of a set, in the order of tokens: any number in bounded memory. */
export async function* pagesOf(cassandra: Cassandra): AsyncGenerator<Product[]> {
  const columns = `store_id, product_id, product_clock, stock_clock, deleted, document, stock, keys,
    token(store_id, product_id) as place`;
  const first = `select ${columns} from products_by_id limit ?`;
  const next = `select ${columns} from products_by_id
    where token(store_id, product_id) > ? limit ?`;
  let rows = await cassandra.run('compare.first', first, [PAGE]);
  while (rows.length > 0) {
    yield rows.map(productOf);
    rows = await cassandra.run('compare.next', next, [rows.at(-1)?.['place'], PAGE]);
  }
}

async function* eachProduct(cassandra: Cassandra): AsyncGenerator<Product> {
  for await (const page of pagesOf(cassandra)) yield* page;
}

/** The listings of every store against what its products say of them. */
export const compareListings = async (tables: TableSet): Promise<Differences> => {
  const said = async function* () {
    for await (const { storeId, id, keys } of eachProduct(tables)) {
      yield* rowNames(tables, storeId, id, keys);
    }
  };
  return (await compareRows(tables, said)).slice(0, DIFFERENCES_MAX);
};

/** The same product in another set, which may be a moment behind. */
const findOther = async (
  set: Cassandra,
  { storeId, id }: Product,
): Promise<Product | undefined> => {
  const query = `select store_id, product_id, product_clock, stock_clock, deleted, document,
    stock, keys from products_by_id where store_id = ? and product_id = ?`;
  for (let look = 0; look < LOOKS; look++) {
    const [row] = await set.run('compare.other', query, [storeId, id]);
    if (row) return productOf(row);
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return undefined;
};

/** A rebuilt set against the live one; products that have moved on since are left out. */
export const compareSets = async (rebuilt: Cassandra, live: Cassandra): Promise<Compared> => {
  const differences: Differences = [];
  let compared = 0;
  for await (const one of eachProduct(rebuilt)) {
    const other = await findOther(live, one);
    const name = `${one.storeId}/${one.id}`;
    if (!other) differences.push(`${name}: not in the live set`);
    else if (other.clocks === one.clocks && other.content !== one.content) {
      differences.push(`${name}: other content under the same clocks`);
    }
    compared++;
    if (differences.length > DIFFERENCES_MAX) break;
  }
  return { compared, differences };
};

/** Every product in Postgres, in the order of ids; of one store when it is said. */
async function* eachWritten(pg: Pg, storeId?: StoreId) {
  const ofStore = storeId && eq(products.storeId, storeId);
  for (let after = ''; ;) {
    const page = await pg.query('compare.products', async (db) => {
      const rows = await db
        .select()
        .from(products)
        .where(and(ofStore, gt(products.id, after)))
        .orderBy(asc(products.id))
        .limit(PAGE);
      return assembleProducts(db, rows);
    });
    yield* page;
    const last = page.at(-1);
    if (!last) return;
    after = last.id;
  }
}

/** The document that the product's own event makes. */
const writtenDocument = (product: Parameters<typeof productChanged>[0]): ProductDocument => {
  const { value } = productChanged(product);
  return documentOf(create(ProductChangedSchema, fromBinary(ProductChangedSchema, value)));
};

const differenceOf = (
  product: Parameters<typeof productChanged>[0],
  stored: StoredProduct | undefined,
): Differences => {
  const name = `${product.storeId}/${product.id}`;
  if (!stored?.document) return [`${name}: not projected`];
  if (stored.productClockUs !== product.clockUs) return [`${name}: another clock`];
  const isSame = hashOf(stored.document) === hashOf(writtenDocument(product));
  return isSame ? [] : [`${name}: another content`];
};

/** P3: every product's version and content equal in both, deleted ones absent, nothing besides. */
export const compareWithPostgres = async (pg: Pg, tables: TableSet): Promise<Compared> => {
  const differences: Differences = [];
  const written = new Set<string>();
  for await (const product of eachWritten(pg)) {
    written.add(product.id);
    const stored = await findStored(tables, product.storeId, product.id);
    differences.push(...differenceOf(product, stored));
  }
  for await (const { storeId, id, isDeleted, slug } of eachProduct(tables)) {
    const isExtra = !written.has(id) && !isDeleted && slug !== undefined;
    if (isExtra) differences.push(`${storeId}/${id}: not in Postgres, still shown`);
  }
  differences.push(...(await compareListings(tables)));
  return { compared: written.size, differences: differences.slice(0, DIFFERENCES_MAX) };
};

/** The same of one store: its products, and every listing row there is of it. */
export const compareStore = async (
  pg: Pg,
  tables: TableSet,
  storeId: StoreId,
): Promise<Compared> => {
  const differences: Differences = [];
  const rows: string[] = [];
  let compared = 0;
  for await (const product of eachWritten(pg, storeId)) {
    compared++;
    const stored = await findStored(tables, storeId, product.id);
    differences.push(...differenceOf(product, stored));
    rows.push(...rowNames(tables, storeId, product.id, stored?.keys ?? []));
  }
  differences.push(...(await compareRows(tables, () => rows, new Set([storeId]))));
  return { compared, differences: differences.slice(0, DIFFERENCES_MAX) };
};
