// Many products in one call: each is written or refused for itself, and says which.
import { z } from 'zod';
import { insertProduct, updateProduct } from '../../db/postgres/catalogue/products.ts';
import type { KeptAnswer } from '../../db/postgres/catalogue/answers.ts';
import type { Pg, Tx } from '../../db/postgres/client.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId, type StoreId } from '../../domain/ids.ts';
import type { Product } from '../../domain/product.ts';
import { parsed } from '../http/body.ts';
import { PROBLEMS } from '../http/problems.ts';
import { route, type Route } from '../http/routes.ts';
import { keyed } from './keyed.ts';
import { changed, draftOf, productBody, productChange } from './shapes.ts';
import { batchShown } from './shown.ts';

const ITEMS_MAX = 1_000;

/** With an id a change of that product, without one a new product. */
const batchBody = z.strictObject({
  products: z
    .array(z.looseObject({ id: z.string().optional() }))
    .min(1)
    .max(ITEMS_MAX),
});

type Item = z.output<typeof batchBody>['products'][number];

const write = (tx: Tx, storeId: StoreId, { id, ...body }: Item): Promise<Product> => {
  if (id === undefined) return insertProduct(tx, draftOf(storeId, parsed(productBody, body)));
  if (!isId('product', id)) throw new DomainError('NOT_FOUND', 'no such product');
  const change = parsed(productChange, body);
  return updateProduct(tx, storeId, id, (present) => changed(present, change));
};

/** One item under a savepoint of its own: what it has refused leaves no trace of it. */
const outcomeOf = async (tx: Tx, storeId: StoreId, item: Item, index: number) => {
  try {
    const { id, version } = await tx.transaction((inner) => write(inner, storeId, item));
    return { index, status: item.id === undefined ? 201 : 200, id, version };
  } catch (error) {
    if (!(error instanceof DomainError) || error.code === 'UNAVAILABLE') throw error;
    const { code, message, fields } = error;
    const errors = fields.length > 0 && { errors: fields };
    return { index, status: PROBLEMS[code].status, code, detail: message, ...errors };
  }
};

export const batchRoute = (pg: Pg): Route =>
  route({
    method: 'post',
    path: '/products:batch',
    summary: 'Create and change up to 1,000 products; each has a result of its own.',
    needs: 'products:write',
    body: batchBody,
    shows: batchShown,
    headers: { 'Idempotency-Key': 'The same key and body get the same answer.' },
    answers: { 200: 'a result for each, in their order' },
    answer: (ask) =>
      keyed(pg, 'products.batch', ask, async (tx): Promise<KeptAnswer> => {
        const results = [];
        for (const [index, item] of ask.body.products.entries()) {
          results.push(await outcomeOf(tx, ask.principal.storeId, item, index));
        }
        return { status: 200, body: JSON.stringify({ results }), headers: {} };
      }),
  });
