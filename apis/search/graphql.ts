// The GraphQL door: a guard that gives the server only clean, bounded requests.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { graphqlServer } from '@hono/graphql-server';
import { buildSchema, execute, type GraphQLSchema } from 'graphql';
import { Hono } from 'hono';
import { z } from 'zod';
import { DomainError, invalid } from '../../domain/errors.ts';
import { jsonBody, parsed } from '../http/body.ts';
import { json, route, type Route } from '../http/routes.ts';
import { excessOf } from './cost.ts';
import { persistedOperations, rememberDocuments, type Known } from './documents.ts';
import type { SearchParts } from './parts.ts';
import { rootOf } from './resolvers.ts';

const QUERY_LENGTH_MAX = 20_000;
const OPERATIONS = resolve(import.meta.dirname, 'operations');

const hash = z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/);
const requestBody = z.strictObject({
  query: z.string().min(1).max(QUERY_LENGTH_MAX).optional(),
  /** A persisted operation of our own clients, by its hash. */
  documentId: hash.optional(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(200).nullish(),
  extensions: z
    .looseObject({ persistedQuery: z.looseObject({ sha256Hash: hash }).optional() })
    .nullish(),
});
type Asked = z.output<typeof requestBody>;

export const SDL = readFileSync(resolve(import.meta.dirname, 'schema.graphql'), 'utf8');

const RESPONSE_TYPE = 'application/graphql-response+json';

/** The media type the caller prefers; both carry the same answer (GraphQL over HTTP, 2024). */
const typeFor = (request: Request): Record<string, string> =>
  request.headers.get('accept')?.includes(RESPONSE_TYPE) ? { 'content-type': RESPONSE_TYPE } : {};

const refusal = (request: Request, message: string): Response =>
  json({ errors: [{ message, extensions: { code: 'INVALID_INPUT' } }] }, 400, typeFor(request));

interface Answer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; path?: unknown[]; extensions?: { code?: string } }[];
}

type AnswerError = NonNullable<Answer['errors']>[number];

/** Only a resolver's error has a path; one that is no refusal of ours is a fault. */
const isFault = ({ path, extensions }: AnswerError): boolean =>
  path !== undefined && extensions?.code === undefined;

/** Errors without a code of ours are faults, and show nothing. */
const masked = (answer: Answer): Answer => ({
  ...answer,
  ...(answer.errors && {
    errors: answer.errors.map((error) =>
      isFault(error)
        ? { ...error, message: 'internal error', extensions: { code: 'INTERNAL' } }
        : { ...error, extensions: { code: 'INVALID_INPUT', ...error.extensions } },
    ),
  }),
});

/** 503 only when everything asked for was away; without data it is their fault or ours. */
const statusOf = ({ data, errors = [] }: Answer): number => {
  const roots = Object.values(data ?? {});
  const allAway = errors.length > 0 && errors.every((e) => e.extensions?.code === 'UNAVAILABLE');
  if (allAway && roots.every((root) => root === null)) return 503;
  if (data !== undefined) return 200;
  return errors.some(isFault) ? 500 : 400;
};

interface Execution {
  query: string;
  known: Known;
  asked: Asked;
  root: Awaited<ReturnType<typeof rootOf>>;
}

type Env = { Variables: { root: Awaited<ReturnType<typeof rootOf>> } };

/** A document is validated by the server the first time; after that it is executed as it is. */
const executing = (schema: GraphQLSchema) => {
  const server = graphqlServer({ schema, rootResolver: (c) => c.get('root') });
  return async ({ query, known, asked, root }: Execution): Promise<Answer> => {
    const variables = asked.variables ?? {};
    const { operationName } = asked;
    if (known.isValid) {
      const variableValues = variables;
      const { document } = known;
      const result = await execute({
        schema,
        document,
        rootValue: root,
        variableValues,
        ...(operationName && { operationName }),
      });
      const { data, errors } = result;
      return {
        ...(data !== undefined && { data }),
        ...(errors && { errors: errors.map((error) => error.toJSON() as AnswerError) }),
      };
    }
    const app = new Hono<Env>()
      .use(async (c, next) => {
        c.set('root', root);
        await next();
      })
      .post('/graphql', server);
    const answer = await app.request('http://search/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables, operationName }),
    });
    const body = (await answer.json()) as Answer;
    known.isValid = body.data !== undefined;
    return body;
  };
};

/** The text of a question: its own, or that of a persisted operation it names. */
const queryOf = (persisted: Map<string, string>, asked: Asked): string => {
  const { query, documentId, extensions } = asked;
  const named = (documentId ?? extensions?.persistedQuery?.sha256Hash)?.replace('sha256:', '');
  if (query !== undefined) return query;
  if (named === undefined) throw invalid('query', 'is needed');
  const text = persisted.get(named);
  if (text === undefined) throw new DomainError('NOT_FOUND', 'no such persisted operation');
  return text;
};

export const graphqlRoute = (parts: SearchParts): Route => {
  const documents = rememberDocuments();
  const persisted = persistedOperations(OPERATIONS);
  const run = executing(buildSchema(SDL));
  const known = (query: string): Known | string => {
    try {
      return documents(query);
    } catch (error) {
      return error instanceof Error ? error.message : 'the query does not parse';
    }
  };
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json.',
    needs: 'public',
    answers: { 200: 'data, and errors beside it' },
    answer: async ({ request, principal }) => {
      const asked = parsed(requestBody, await jsonBody(request));
      const query = queryOf(persisted, asked);
      const found = known(query);
      if (typeof found === 'string') return refusal(request, found);
      const excess = asked.query && excessOf(found.document, asked.variables);
      if (excess) return refusal(request, excess);
      const warnings: string[] = [];
      const root = await rootOf(parts, principal.storeId, warnings);
      const answer = await run({ query, known: found, asked, root });
      const status = statusOf(answer);
      if (status === 503) throw new DomainError('UNAVAILABLE', 'the catalogue index is away');
      if (status === 500) throw new Error(`a resolver failed: ${answer.errors?.[0]?.message}`);
      const extensions =
        warnings.length > 0 ? { extensions: { warnings: [...new Set(warnings)] } } : {};
      return json({ ...masked(answer), ...extensions }, status, typeFor(request));
    },
  });
};
