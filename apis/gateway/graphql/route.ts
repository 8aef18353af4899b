// The gateway's GraphQL: what is all Search's goes there as it is, the rest is put together here.
import { OperationTypeNode } from 'graphql';
import { parseStrictJson } from '../../../domain/strict-json.ts';
import {
  questionBody,
  readingQuestions,
  refusing,
  running,
  shownAnswer,
  type Answer,
} from '../../http/graphql/engine.ts';
import { route, type Ask, type Route } from '../../http/routes.ts';
import {
  away,
  JOINABLE_MS,
  keptGraphqlRoute,
  postToSearch,
  saidAnswer,
  sharedSearch,
  type AskShared,
  type SearchDoor,
} from './catalogue.ts';
import { delegated, isAllSearchs, operationOf, rootFieldsOf } from './delegate.ts';
import { shopperRoot, type ShopperParts } from './root.ts';
import { loadSchema } from './schema.ts';

const TIMEOUT_MS = 10_000;

export interface GraphqlDoor extends ShopperParts, SearchDoor {}

const acceptOf = ({ request }: Ask): string => request.headers.get('accept') ?? '*/*';

/** Search's answer as it gave it. */
const passingOn = (shared: AskShared) => async (ask: Ask, body: unknown) => {
  const wish = { body: JSON.stringify(body), accept: acceptOf(ask), joinableMs: JOINABLE_MS };
  return saidAnswer(await shared(ask, wish));
};

/** A part of a question: Search's refusal of all of it is a refusal of each field. */
const askSearch =
  (door: GraphqlDoor, ask: Ask) =>
  async (body: object): Promise<Answer> => {
    const response = await postToSearch(door, {
      body: JSON.stringify(body),
      accept: acceptOf(ask),
      requestId: ask.requestId,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 503) return away(undefined);
    return parseStrictJson(await response.text().catch(away)) as Answer;
  };

/** A persisted operation is Search's, which knows its text. */
const namesPersisted = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && !('query' in body);

const askedRoute = (door: GraphqlDoor, shared: AskShared): Route => {
  const passedOn = passingOn(shared);
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

export const graphqlRoutes = (door: GraphqlDoor): Route[] => {
  const shared = sharedSearch(door);
  return [keptGraphqlRoute(shared), askedRoute(door, shared)];
};
