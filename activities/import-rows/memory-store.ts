// A store held in memory, into which tests import files as the activities do, without a server.
import type { Naming, Present } from '../../db/postgres/catalogue/import-identity.ts';
import { judge } from '../../db/postgres/catalogue/import-merge.ts';
import type { ImportSettings } from '../../domain/catalogue/import-report.ts';
import type { ImportFormat, RowResult } from '../../domain/catalogue/imports.ts';
import type { StoreId } from '../../domain/ids.ts';
import { numberFromMinor } from '../../domain/money.ts';
import { nameKeyOf, type Product } from '../../domain/product.ts';
import { surveyOf, type Survey } from './survey.ts';
import { unitsOf } from './units.ts';

const STORE: StoreId = 'sto_memory';

export interface Shelf {
  products: Map<string, Product>;
  /** Product ids by source and key. */
  keys: Map<string, { source: string; key: string; id: string }>;
}

export const newShelf = (): Shelf => ({ products: new Map(), keys: new Map() });

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

const presentOf = (shelf: Shelf, source: string, namings: Map<string, Naming[]>): Present => {
  const all = [...shelf.products.values()];
  const own = [...shelf.keys.values()].filter((one) => one.source === source);
  const productOf = (id: string): Product => {
    const product = shelf.products.get(id);
    if (!product) throw new Error(`no product ${id}`);
    return product;
  };
  return {
    byId: new Map(all.map((one) => [one.id as string, one])),
    byKey: new Map(own.map(({ key, id }) => [key, productOf(id)])),
    bySku: new Map(all.flatMap((one) => one.variants.map(({ sku }) => [sku, one]))),
    byName: Map.groupBy(all, ({ name }) => nameKeyOf(name)),
    keysOf: new Map(
      all.map(({ id }) => [id, own.filter((one) => one.id === id).map(({ key }) => key)]),
    ),
    slugOwners: new Map(all.map(({ slug, id }) => [slug, id])),
    namings,
  };
};

export interface Imported {
  survey: Survey;
  results: RowResult[];
  stock: Map<string, number>;
}

export interface FileOf {
  format?: ImportFormat;
  mapping?: Record<string, string>;
  settings?: ImportSettings;
}

export const importInto = async (
  shelf: Shelf,
  text: string,
  file: FileOf = {},
): Promise<Imported> => {
  const { format = 'auto', mapping = {}, settings = {} } = file;
  const shape = { format, mapping, settings };
  const currencies = [...shelf.products.values()].flatMap((one) => one.variants[0]?.currency ?? []);
  const survey = await surveyOf(bytesOf(text), shape, [...new Set(currencies)]);
  const { reading } = survey;
  const results: RowResult[] = [];
  const stock = new Map<string, number>();
  const namings = new Map<string, Naming[]>();
  for await (const { planned } of unitsOf(() => bytesOf(text), shape, reading)) {
    if (!planned) continue;
    const present = presentOf(shelf, reading.source, namings);
    const one = judge(STORE, planned, present, () => []);
    results.push(...one.results);
    if (one.upsert) {
      const { draft } = one.upsert;
      const base = { positions: {}, version: 1, clockUs: 1, createdAt: '', updatedAt: '' };
      shelf.products.set(draft.id, { ...base, ...draft, collectionIds: [] });
    }
    if (!one.productId || !one.results.some(({ productId }) => productId)) continue;
    for (const key of planned.keys) {
      const { source } = reading;
      shelf.keys.set(JSON.stringify([source, key]), { source, key, id: one.productId });
    }
    for (const { variant, stock: units } of one.planned.variants) {
      if (units !== undefined) stock.set(variant.sku, units);
    }
  }
  return { survey, results: results.toSorted((a, b) => a.row - b.row), stock };
};

export const productsOf = ({ products }: Shelf): Product[] => [...products.values()];

/** The names with their prices, by name. */
export const summaryOf = (shelf: Shelf) =>
  productsOf(shelf)
    .map(({ name, variants }) => [
      name,
      ...variants.map((one) => numberFromMinor(one.priceMinor, one.currency)),
    ])
    .toSorted((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
/** Each row's status, and why. */
export const messagesOf = ({ results }: Imported) =>
  results.map(({ status, message }) => (message === undefined ? status : `${status}: ${message}`));

/** A header of Shopify's. */
export const SHOPIFY = 'Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price\n';
