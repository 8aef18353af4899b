// Search's GraphQL route: its schema, its persisted operations, and its root.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildSchema } from 'graphql';
import { persistedOperations } from '../http/graphql/documents.ts';
import {
  questionBody,
  GRAPHQL_RESPONSE,
  readingQuestions,
  running,
  graphqlResponse,
} from '../http/graphql/engine.ts';
import { route, type Route } from '../http/routes.ts';
import type { SearchDeps } from './context.ts';
import { rootOf } from './resolvers.ts';

const OPERATIONS = resolve(import.meta.dirname, 'operations');

export const SDL = readFileSync(resolve(import.meta.dirname, 'schema.graphql'), 'utf8');

export const graphqlRoute = (deps: SearchDeps): Route => {
  const read = readingQuestions(persistedOperations(OPERATIONS));
  const run = running(buildSchema(SDL));
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json.',
    needs: 'public',
    response: GRAPHQL_RESPONSE,
    statuses: { 200: 'data, and errors beside it' },
    handler: async ({ request, principal, c }) => {
      const question = read(request, await questionBody(request));
      if (question instanceof Response) return question;
      const warnings: string[] = [];
      const selects = (field: string): boolean => question.query.includes(field);
      const requested = {
        wantsAge: selects('asOf'),
        counts: selects('facets') || selects('matches'),
      };
      const root = await rootOf(deps, { storeId: principal.storeId, ...requested }, warnings);
      const answer = await run(question, root, c);
      const extensions =
        warnings.length > 0 ? { extensions: { warnings: [...new Set(warnings)] } } : {};
      return graphqlResponse(
        request,
        { ...answer, ...extensions },
        'the catalogue index is unavailable',
      );
    },
  });
};
