// Routes of disputes: the open ones with their deadlines, and a person's decision about each.
import { findDispute, listDisputesIn, type Dispute } from '../../db/postgres/orders/disputes.ts';
import { DomainError } from '../../domain/errors.ts';
import { sendDecision } from '../../workflows/client/disputes.ts';
import { audited } from '../../workflows/client/repair.ts';
import type { DisputeDecision } from '../../workflows/settle-dispute.contract.ts';
import { listPage } from '../http/lists.ts';
import { operatorOf } from '../http/principals.ts';
import { reply, route, type Route, type RouteInput } from '../http/routes.ts';
import { actionKey, NO_STORE, type RecoveryDeps } from './orders.ts';
import {
  decidedResponse,
  disputesResponse,
  toActionResponse,
  toDisputeResponse,
} from './responses.ts';
import { acceptBody, disputesQuery, submitBody } from './shapes.ts';

const LIST = 'recovery/disputes';

/** Behind the last dispute of a page: the time at which the provider received it, and its id. */
const positionOf = ({ createdAt, id }: Dispute): string => `${createdAt.getTime()}/${id}`;
const positionIn = (text: string): Pick<Dispute, 'createdAt' | 'id'> => {
  const at = text.indexOf('/');
  return { createdAt: new Date(Number(text.slice(0, at))), id: text.slice(at + 1) };
};

const disputeOf = async ({ pg }: RecoveryDeps, id: string): Promise<Dispute> => {
  const dispute = await findDispute(pg, id);
  if (!dispute) throw new DomainError('NOT_FOUND', 'no such dispute');
  return dispute;
};

const decided = async (
  deps: RecoveryDeps,
  { params, principal, request }: Pick<RouteInput, 'params' | 'principal' | 'request'>,
  note: string,
  decision: DisputeDecision,
) => {
  const { id, orderId } = await disputeOf(deps, params['id'] ?? '');
  const { action, evidence } = decision;
  const input = {
    operator: operatorOf(principal),
    key: actionKey(request),
    orderId,
    action: `${action}_dispute` as const,
    body: { disputeId: id, note, ...(evidence && { evidence }) },
  };
  const done = await audited(deps.pg, input, (actionId) =>
    sendDecision(deps, id, decision, actionId),
  );
  const dispute = toDisputeResponse(await disputeOf(deps, id));
  return reply({ action: toActionResponse(done), dispute }, 200, NO_STORE);
};

const DECIDED = {
  needs: 'recovery',
  response: decidedResponse,
  statuses: { 200: 'the result of the decision', 409: 'ILLEGAL_TRANSITION' },
} as const;

export const disputeRoutes = (deps: RecoveryDeps): Route[] => [
  route({
    method: 'get',
    path: '/recovery/disputes',
    summary: 'Disputes and inquiries, oldest first: the open ones, or those of a state.',
    needs: 'recovery',
    query: disputesQuery,
    response: disputesResponse,
    statuses: { 200: 'items and the cursor of the next page' },
    handler: async ({ query: { limit, cursor, state } }) => {
      const after = cursor === undefined ? undefined : positionIn(deps.cursors.open(LIST, cursor));
      const items = await listDisputesIn(deps.pg, state, after, limit + 1);
      const { cursors } = deps;
      const listing = { cursors, list: LIST, limit, items, positionOf };
      return reply(listPage({ ...listing, toResponse: toDisputeResponse }), 200, NO_STORE);
    },
  }),
  route({
    ...DECIDED,
    method: 'post',
    path: '/recovery/disputes/:id/submit',
    summary: 'Operators: send the evidence, with fields of their own; audited, once a key.',
    body: submitBody,
    handler: ({ body: { note, evidence }, ...input }) =>
      decided(deps, input, note, { action: 'submit', ...(evidence && { evidence }) }),
  }),
  route({
    ...DECIDED,
    method: 'post',
    path: '/recovery/disputes/:id/accept',
    summary: 'Operators: accept a dispute as lost; audited, once a key.',
    body: acceptBody,
    handler: ({ body: { note }, ...input }) => decided(deps, input, note, { action: 'accept' }),
  }),
];
