// The gateway's GraphQL route: forwards pure catalogue queries to Search and executes the rest.
import { OperationTypeNode } from 'graphql';
import { DomainError } from '../../../domain/errors.ts';
import { FIELDS, isAllowed, type Permission } from '../../../domain/permissions.ts';
import { parseStrictJson } from '../../../domain/strict-json.ts';
import {
  questionBody,
  GRAPHQL_RESPONSE,
  readingQuestions,
  refusing,
  running,
  graphqlResponse,
  type Answer,
} from '../../http/graphql/engine.ts';
import { may } from '../../http/principals.ts';
import { route, type RouteInput, type Route } from '../../http/routes.ts';
import {
  away,
  JOINABLE_MS,
  keptGraphqlRoute,
  postToSearch,
  responseOf,
  sharedSearch,
  type RequestShared,
  type SearchDeps,
} from './catalogue.ts';
import { delegated, isAllSearchs, operationOf, rootFieldsOf } from './delegate.ts';
import { shopperRoot, type ShopperDeps } from './root.ts';
import { isOwnQuery, loadSchema } from './schema.ts';

const TIMEOUT_MS = 10_000;

export interface GraphqlDeps extends ShopperDeps, SearchDeps {}

const acceptOf = ({ request }: RouteInput): string => request.headers.get('accept') ?? '*/*';

/** Search's response, unchanged. */
const passingOn = (shared: RequestShared) => async (context: RouteInput, body: unknown) => {
  const key = { body: JSON.stringify(body), accept: acceptOf(context), joinableMs: JOINABLE_MS };
  return responseOf(await shared(context, key));
};

/** True for a field of the caller's own order, to whose token it is open. */
const isOfOrder = (type: 'Query' | 'Mutation', field: string): boolean => {
  const needs: Permission | undefined = (FIELDS as Record<string, Permission>)[`${type}.${field}`];
  return needs === undefined || isAllowed('guest', needs);
};

/**
 * Search's fields need `browse`; the others are a shopper's, or of the order whose token is sent.
 * PERMISSION_DENIED.
 */
const assertShopper = (
  { principal }: RouteInput,
  type: 'Query' | 'Mutation',
  fields: readonly string[],
): void => {
  if (may(principal, 'shop')) return;
  const isGuest = principal.kind === 'guest';
  if (isGuest && fields.every((field) => isOfOrder(type, field))) return;
  const what = isGuest ? "an order's token opens its order" : 'a key may search the catalogue';
  throw new DomainError('PERMISSION_DENIED', `${what}, and may not shop`);
};

/** A delegated part of a query: Search's refusal of it is a refusal of each field. */
const requestSearch =
  (deps: GraphqlDeps, context: RouteInput) =>
  async (body: object): Promise<Answer> => {
    const response = await postToSearch(deps, {
      body: JSON.stringify(body),
      accept: acceptOf(context),
      requestId: context.requestId,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 503) return away(undefined);
    return parseStrictJson(await response.text().catch(away)) as Answer;
  };

/** A persisted operation is Search's, which has its text. */
const namesPersisted = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && !('query' in body);

const requestedRoute = (deps: GraphqlDeps, shared: RequestShared): Route => {
  const passedOn = passingOn(shared);
  const read = readingQuestions(new Map());
  const run = running(loadSchema());
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json: the catalogue, the account and orders.',
    needs: 'browse',
    kind: 'read',
    response: GRAPHQL_RESPONSE,
    statuses: { 200: 'data, and errors beside it' },
    handler: async (context) => {
      const body = await questionBody(context.request);
      if (namesPersisted(body)) return passedOn(context, body);
      const question = read(context.request, body);
      if (question instanceof Response) return question;
      const operation = operationOf(question);
      const isQuery = operation?.operation === OperationTypeNode.QUERY;
      // The call itself is one read.
      if (isQuery && question.units > 1) await context.charge('read', question.units - 1);
      if (isAllSearchs(question)) return passedOn(context, body);
      const all = operation ? rootFieldsOf(question.known.document, operation.selectionSet) : [];
      const fields = isQuery ? all : [];
      if (!isQuery) assertShopper(context, 'Mutation', all);
      else if (fields.some(isOwnQuery)) assertShopper(context, 'Query', fields);
      const search = delegated(question, fields, (part) =>
        refusing(() => requestSearch(deps, context)(part)),
      );
      const answer = await run(
        question,
        { ...shopperRoot(deps, context), ...search.root },
        context.c,
      );
      const { errors, extensions } = await search.beside();
      const failed = [...(answer.errors ?? []), ...errors];
      const whole = {
        ...answer,
        ...(failed.length > 0 && { errors: failed }),
        ...(extensions && { extensions }),
      };
      const shown = graphqlResponse(context.request, whole, 'this part of the shop is unavailable');
      shown.headers.set('cache-control', 'private, no-store');
      return shown;
    },
  });
};

export const graphqlRoutes = (deps: GraphqlDeps): Route[] => {
  const shared = sharedSearch(deps);
  return [keptGraphqlRoute(shared), requestedRoute(deps, shared)];
};
