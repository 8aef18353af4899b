// Routes of returns: those that have not ended, and what a person accepts of one.
import { z } from 'zod';
import { listReturnsIn, returnOfAnyStore, type Return } from '../../db/postgres/orders/returns.ts';
import type { AuditedAction } from '../../domain/attention.ts';
import { DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { LINES_MAX } from '../../domain/order.ts';
import { RETURN_MOVES, RETURN_STATES, type Inspection } from '../../domain/returns.ts';
import { decideReturn } from '../../workflows/client/returns.ts';
import { audited } from '../../workflows/client/repair.ts';
import { pageQuery } from '../http/cursors.ts';
import { listPage } from '../http/lists.ts';
import { operatorOf } from '../http/principals.ts';
import { reply, route, type Route, type RouteInput } from '../http/routes.ts';
import { actionKey, NO_STORE, type RecoveryDeps } from './orders.ts';
import { inspectedResponse, returnsResponse, toActionResponse, withIsoDates } from './responses.ts';

const NOTE_LENGTH_MAX = 500;
const UNITS_MAX = 10_000;
const SKU_LENGTH_MAX = 64;

const LIST = 'recovery/returns';
const OPEN = RETURN_STATES.filter((state) => RETURN_MOVES[state].length > 0);

/** Without lines all of it is accepted; a part says why the rest is not. */
const acceptBody = z
  .strictObject({
    lines: z
      .array(
        z.strictObject({
          sku: z.string().min(1).max(SKU_LENGTH_MAX),
          quantity: z.number().int().min(1).max(UNITS_MAX),
        }),
      )
      .min(1)
      .max(LINES_MAX)
      .optional(),
    note: z.string().trim().min(1).max(NOTE_LENGTH_MAX).optional(),
  })
  .refine(({ lines, note }) => lines === undefined || note !== undefined, {
    path: ['note'],
    error: 'says why the other units are refused',
  });
const refuseBody = z.strictObject({ note: z.string().trim().min(1).max(NOTE_LENGTH_MAX) });

const returnOf = async ({ pg }: RecoveryDeps, { params }: Pick<RouteInput, 'params'>) => {
  const id = params['id'] ?? '';
  if (!isId('return', id)) throw new DomainError('NOT_FOUND', 'no such return');
  return returnOfAnyStore(pg, id);
};

const decide = async (
  deps: RecoveryDeps,
  input: RouteInput,
  action: AuditedAction,
  inspection: Inspection,
) => {
  const found = await returnOf(deps, input);
  const body = { returnId: found.id, ...inspection };
  const { orderId } = found;
  const asked = { operator: operatorOf(input.principal), key: actionKey(input.request) };
  const done = await audited(deps.pg, { ...asked, orderId, action, body }, (actionId) =>
    decideReturn(deps, found, inspection, actionId),
  );
  const now = await returnOf(deps, input);
  return reply({ action: toActionResponse(done), return: withIsoDates(now) }, 200, NO_STORE);
};

const statuses = { 200: 'the return', 409: 'ILLEGAL_TRANSITION once it is decided' };

export const returnRoutes = (deps: RecoveryDeps): Route[] => [
  route({
    method: 'get',
    path: '/recovery/returns',
    summary: 'Returns that have not ended, oldest first; with a state those alone.',
    needs: 'recovery',
    query: pageQuery.extend({ state: z.enum(RETURN_STATES).optional() }),
    response: returnsResponse,
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query: { limit, cursor, state } }) => {
      const after = cursor ? deps.cursors.open(LIST, cursor) : '';
      const states = state ? [state] : OPEN;
      const items = await listReturnsIn(deps.pg, { states, after, limit: limit + 1 });
      const page = listPage({
        cursors: deps.cursors,
        list: LIST,
        limit,
        items,
        toResponse: withIsoDates<Return>,
        positionOf: ({ id }) => id,
      });
      return reply(page, 200, NO_STORE);
    },
  }),
  route({
    method: 'post',
    path: '/recovery/returns/:id/accept',
    summary: 'Accept a return in whole or in part, also one that came in another way.',
    needs: 'recovery',
    body: acceptBody,
    response: inspectedResponse,
    statuses,
    handler: (input) => {
      const { lines: accepted, note } = input.body;
      return decide(deps, input, 'accept_return', {
        ...(accepted && { accepted }),
        ...(note && { note }),
      });
    },
  }),
  route({
    method: 'post',
    path: '/recovery/returns/:id/refuse',
    summary: 'Refuse a return with the reason, which is mailed to its shopper.',
    needs: 'recovery',
    body: refuseBody,
    response: inspectedResponse,
    statuses,
    handler: (input) =>
      decide(deps, input, 'refuse_return', { accepted: [], note: input.body.note }),
  }),
];
