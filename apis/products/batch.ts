// Creates and changes many products in one request; each item has its own result.
import { z } from 'zod';
import { putBatch, type Outcome, type ProductWrite } from '../../db/postgres/catalogue/batches.ts';
import type { Pg, Tx } from '../../db/postgres/client.ts';
import { DomainError } from '../../domain/errors.ts';
import type { StoreId } from '../../domain/ids.ts';
import { parsed } from '../http/body.ts';
import { PROBLEMS, refusalMembers } from '../http/problems.ts';
import { reply, route, type Route } from '../http/routes.ts';
import { TAKES_KEY } from '../http/idempotency-keys.ts';
import { keyed } from './keyed.ts';
import { BATCH_MAX, changed, draftOf, productBody, productChange } from './shapes.ts';
import { batchResponse } from './responses.ts';

const ID_LENGTH_MAX = 100;
/** Shorter than the gateway's timeout. */
const LIMIT_MS = 9_000;

/** An item with an id changes that product; one without an id creates a product. */
const batchBody = z.strictObject({
  products: z
    .array(z.looseObject({ id: z.string().max(ID_LENGTH_MAX).optional() }))
    .min(1)
    .max(BATCH_MAX),
});

type Item = z.output<typeof batchBody>['products'][number];

/** An item's change, or the reason why it is refused. */
const writeOf = (storeId: StoreId, { id, ...body }: Item): ProductWrite | DomainError => {
  try {
    if (id === undefined) return { draft: draftOf(storeId, parsed(productBody, body)) };
    const change = parsed(productChange, body);
    return { id, change: (present) => changed(present, change) };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
};

const resultOf = (item: Item, index: number, outcome: Outcome | undefined) => {
  if (!outcome) throw new Error('an item of a batch was not judged');
  if (!(outcome instanceof DomainError)) {
    const { id, version } = outcome;
    return { index, status: item.id === undefined ? 201 : 200, id, version };
  }
  const { code } = outcome;
  return { index, status: PROBLEMS[code].status, code, ...refusalMembers(outcome) };
};

/** Every item's result, in their order. */
const resultsOf = async (tx: Tx, storeId: StoreId, items: Item[]) => {
  const requested = items.map((item) => writeOf(storeId, item));
  const writes = requested.filter((one): one is ProductWrite => !(one instanceof DomainError));
  const outcomes = (await putBatch(tx, storeId, writes)).values();
  return items.map((item, index) => {
    const refused = requested[index];
    const outcome = refused instanceof DomainError ? refused : outcomes.next().value;
    return resultOf(item, index, outcome);
  });
};

export const batchRoute = (pg: Pg): Route =>
  route({
    method: 'post',
    path: '/products:batch',
    summary: 'Create and change up to 1,000 products; each has a result of its own.',
    needs: 'products:write',
    body: batchBody,
    response: batchResponse,
    headers: TAKES_KEY,
    statuses: { 200: 'a result for each, in their order' },
    handler: (input) =>
      keyed(
        pg,
        'products.batch',
        input,
        async (tx) =>
          reply({ results: await resultsOf(tx, input.principal.storeId, input.body.products) }),
        LIMIT_MS,
      ),
  });
