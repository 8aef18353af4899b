// Reads one product by id or slug: from the read side, or from Products as a fallback.
import { findIdBySlug, findStored } from '../../db/cassandra/products.ts';
import type { ProductDocument } from '../../db/cassandra/product-document.ts';
import { documentOf } from '../../db/projections/document.ts';
import { DomainError, invalid } from '../../domain/errors.ts';
import { productNode } from './nodes.ts';
import type { SearchContext } from './context.ts';
import { STORE_HEADER } from '../../domain/headers.ts';

/** How long the read side may take to reach the caller's version. */
const WAIT_LIMIT_MS = 1_500;
const LOOK_EVERY_MS = 50;

export interface ProductArgs {
  id?: string;
  slug?: string;
  waitForVersion?: number;
}

const published = (document: ProductDocument | undefined): ProductDocument | undefined =>
  document?.status === 'published' ? document : undefined;

const projected = async (
  { tables, storeId }: SearchContext,
  { id, slug }: ProductArgs,
): Promise<ProductDocument | undefined> => {
  const productId = id ?? (await findIdBySlug(tables, storeId, slug ?? ''));
  const stored = productId ? await findStored(tables, storeId, productId) : undefined;
  return stored?.document;
};

/** Products' version, which is never older than any write. */
const consistent = async (
  { products, storeId }: SearchContext,
  { id, slug }: ProductArgs,
): Promise<ProductDocument | undefined> => {
  const headers = { [STORE_HEADER]: storeId };
  const request = { id: id ?? '', slug: slug ?? '' };
  try {
    const { product: found } = await products.getProduct(request, { headers });
    return found && documentOf(found);
  } catch (error) {
    if (error instanceof DomainError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
};

/** The read side's product of at least this version; after a short wait Products' version. */
const findAtLeast = async (
  context: SearchContext,
  args: ProductArgs,
  version: number,
): Promise<ProductDocument | undefined> => {
  const end = Date.now() + WAIT_LIMIT_MS;
  while (Date.now() < end) {
    const document = await projected(context, args);
    if (document && document.version >= version) return published(document);
    await Bun.sleep(LOOK_EVERY_MS);
  }
  return consistent(context, args);
};

const findDocument = async (
  context: SearchContext,
  args: ProductArgs,
): Promise<ProductDocument | undefined> => {
  const { id, slug, waitForVersion } = args;
  if ((id ?? undefined) === undefined && (slug ?? undefined) === undefined) {
    throw invalid('id', 'send either id or slug');
  }
  if (id && slug) throw invalid('id', 'send either id or slug');
  try {
    if (waitForVersion) return await findAtLeast(context, args, waitForVersion);
    return published(await projected(context, args));
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
    return consistent(context, args);
  }
};

/** The product, or null when there is none that shoppers may see. */
export const product = async (context: SearchContext, args: ProductArgs) => {
  const document = await findDocument(context, args);
  return document ? productNode(document, context.stockOf) : null;
};
