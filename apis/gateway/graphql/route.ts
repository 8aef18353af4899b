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
import { delegated, isAllSearchs, operationOf, rootFieldsOf } from './delegate.ts';
import { shopperRoot, type ShopperParts } from './root.ts';
import { createSharing } from './sharing.ts';
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

/** What Search answered, for everybody who asked it. */
interface Said {
  status: number;
  headers: Record<string, string>;
  bytes: ArrayBuffer;
}

const askWhole = async (door: GraphqlDoor, ask: Ask, body: string): Promise<Said> => {
  const answer = await post(door, ask, body);
  const headers = ['content-type', 'retry-after', 'cache-control'].flatMap((name) => {
    const value = answer.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  const bytes = await answer.arrayBuffer().catch(away);
  return { status: answer.status, headers: Object.fromEntries(headers), bytes };
};

/** Search's answer as it gave it: the catalogue is the same for all who ask alike. */
const passingOn = (door: GraphqlDoor) => {
  const share = createSharing<Said>();
  return async (ask: Ask, body: unknown): Promise<Response> => {
    const text = JSON.stringify(body);
    const key = `${ask.principal.storeId} ${ask.request.headers.get('accept') ?? ''} ${text}`;
    const { status, headers, bytes } = await share(key, () => askWhole(door, ask, text));
    return new Response(bytes, { status, headers: { ...headers, 'x-request-id': ask.requestId } });
  };
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
  const passedOn = passingOn(door);
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json: the catalogue, oneself, and orders.',
    needs: 'shop',
    kind: 'read',
    answers: { 200: 'data, and errors beside it' },
    answer: async (ask) => {
      const body = await questionBody(ask.request);
      if (namesPersisted(body)) return passedOn(ask, body);
      const question = read(ask.request, body);
      if (question instanceof Response) return question;
      if (isAllSearchs(question)) return passedOn(ask, body);
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
