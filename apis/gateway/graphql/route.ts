// The gateway's GraphQL: what is all Search's goes there as it is, the rest is put together here.
import { OperationTypeNode } from 'graphql';
import { DomainError } from '../../../domain/errors.ts';
import { parseStrictJson } from '../../../domain/strict-json.ts';
import { traceHeaders } from '../../../telemetry/spans.ts';
import {
  questionBody,
  readingQuestions,
  refusing,
  running,
  shownAnswer,
  type Answer,
} from '../../http/graphql/engine.ts';
import { route, type Ask, type Route } from '../../http/routes.ts';
import { pick } from '../proxy.ts';
import { delegated, isAllSearchs, operationOf, rootFieldsOf } from './delegate.ts';
import { shopperRoot, type ShopperParts } from './root.ts';
import { loadSchema } from './schema.ts';
import type { Fetch } from '../../rpc/peer-tls.ts';

const TIMEOUT_MS = 10_000;

export interface GraphqlDoor extends ShopperParts {
  searchUrl: string;
  fetch: Fetch;
}

const away = (cause: unknown): never => {
  throw new DomainError('UNAVAILABLE', 'the catalogue index is away', { cause });
};

const post = ({ searchUrl, fetch }: GraphqlDoor, ask: Ask, body: string): Promise<Response> =>
  fetch(`${searchUrl}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: ask.request.headers.get('accept') ?? '*/*',
      ...traceHeaders(),
      'x-request-id': ask.requestId,
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch(away);

/** Search's answer as it gave it. */
const passedOn = async (door: GraphqlDoor, ask: Ask, body: unknown): Promise<Response> => {
  const answer = await post(door, ask, JSON.stringify(body));
  const said = pick(answer.headers, ['content-type', 'retry-after', 'cache-control']);
  const headers = { ...said, 'x-request-id': ask.requestId };
  return new Response(await answer.arrayBuffer().catch(away), { status: answer.status, headers });
};

/** A part of a question: Search's refusal of all of it is a refusal of each field. */
const askSearch =
  (door: GraphqlDoor, ask: Ask) =>
  async (body: object): Promise<Answer> => {
    const response = await post(door, ask, JSON.stringify(body));
    if (response.status === 503) return away(undefined);
    return parseStrictJson(await response.text().catch(away)) as Answer;
  };

/** A persisted operation is Search's, which knows its text. */
const namesPersisted = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && !('query' in body);

export const graphqlRoute = (door: GraphqlDoor): Route => {
  const read = readingQuestions(new Map());
  const run = running(loadSchema());
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json: the catalogue, oneself, and orders.',
    needs: 'shop',
    kind: 'read',
    answers: { 200: 'data, and errors beside it' },
    answer: async (ask) => {
      const body = await questionBody(ask.request);
      if (namesPersisted(body)) return passedOn(door, ask, body);
      const question = read(ask.request, body);
      if (question instanceof Response) return question;
      if (isAllSearchs(question)) return passedOn(door, ask, body);
      const operation = operationOf(question);
      const isQuery = operation?.operation === OperationTypeNode.QUERY;
      const fields = isQuery ? rootFieldsOf(question.known.document, operation.selectionSet) : [];
      const search = delegated(question, fields, (part) =>
        refusing(() => askSearch(door, ask)(part)),
      );
      const answer = await run(question, { ...shopperRoot(door, ask), ...search.root });
      const { errors, extensions } = await search.beside();
      const all = [...(answer.errors ?? []), ...errors];
      const whole = {
        ...answer,
        ...(all.length > 0 && { errors: all }),
        ...(extensions && { extensions }),
      };
      const shown = shownAnswer(ask.request, whole, 'this part of the shop is away');
      shown.headers.set('cache-control', 'private, no-store');
      return shown;
    },
  });
};
