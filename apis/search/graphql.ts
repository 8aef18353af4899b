// The GraphQL door: a guard that gives the server only clean, bounded requests.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { graphqlServer } from '@hono/graphql-server';
import { buildSchema, Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql';
import { Hono } from 'hono';
import { z } from 'zod';
import { DomainError } from '../../domain/errors.ts';
import type { StoreId } from '../../domain/ids.ts';
import { jsonBody, parsed } from '../http/body.ts';
import { json, route, type Route } from '../http/routes.ts';
import { rootOf, type SearchParts } from './resolvers.ts';

const QUERY_LENGTH_MAX = 20_000;
const TOKENS_MAX = 2_000;
const DEPTH_MAX = 12;
const FIELDS_MAX = 300;

const requestBody = z.strictObject({
  query: z.string().min(1).max(QUERY_LENGTH_MAX),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(200).nullish(),
  extensions: z.record(z.string(), z.unknown()).nullish(),
});

const SDL = readFileSync(resolve(import.meta.dirname, 'schema.graphql'), 'utf8');

const refusal = (message: string): Response =>
  json({ errors: [{ message, extensions: { code: 'INVALID_INPUT' } }] }, 400);

interface Cost {
  fields: number;
  depth: number;
}

/** Fields and depth with every fragment spread out; a fragment that contains itself is refused. */
const costOf = (document: DocumentNode): Cost => {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet] as const] : [],
    ),
  );
  const cost: Cost = { fields: 0, depth: 0 };
  const walk = (set: SelectionSetNode | undefined, depth: number, inside: string[]): void => {
    cost.depth = Math.max(cost.depth, depth);
    if (cost.fields > FIELDS_MAX || cost.depth > DEPTH_MAX) return;
    for (const one of set?.selections ?? []) {
      // Spreads count as well: fragments that only double each other have no field at all.
      cost.fields++;
      if (one.kind === Kind.FIELD) walk(one.selectionSet, depth + 1, inside);
      else if (one.kind === Kind.INLINE_FRAGMENT) walk(one.selectionSet, depth, inside);
      else if (!inside.includes(one.name.value)) {
        walk(fragments.get(one.name.value), depth, [...inside, one.name.value]);
      }
    }
  };
  for (const one of document.definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION) walk(one.selectionSet, 0, []);
  }
  return cost;
};

const problemWith = (query: string): string | undefined => {
  try {
    const { fields, depth } = costOf(parse(query, { maxTokens: TOKENS_MAX }));
    if (depth > DEPTH_MAX) return `the query is deeper than ${DEPTH_MAX}`;
    if (fields > FIELDS_MAX) return `the query asks for more than ${FIELDS_MAX} fields`;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : 'the query does not parse';
  }
};

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

export const graphqlRoute = (parts: SearchParts): Route => {
  const schema = buildSchema(SDL);
  type Env = { Variables: { storeId: StoreId; warnings: string[] } };
  const server = new Hono<Env>();
  server.use(
    '/graphql',
    graphqlServer({
      schema,
      rootResolver: (c) => rootOf(parts, c.get('storeId'), c.get('warnings')),
    }),
  );
  const ask = async (body: z.output<typeof requestBody>, storeId: StoreId) => {
    const warnings: string[] = [];
    const app = new Hono<Env>()
      .use(async (c, next) => {
        c.set('storeId', storeId);
        c.set('warnings', warnings);
        await next();
      })
      .route('/', server);
    const clean = new Request('http://search/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...body, variables: body.variables ?? {} }),
    });
    const answer = (await (await app.fetch(clean)).json()) as Answer;
    return { answer, warnings: [...new Set(warnings)] };
  };
  return route({
    method: 'post',
    path: '/graphql',
    summary: 'GraphQL over POST with application/json.',
    answers: { 200: 'data, and errors beside it' },
    answer: async ({ request, principal }) => {
      const body = parsed(requestBody, await jsonBody(request));
      const problem = problemWith(body.query);
      if (problem) return refusal(problem);
      const { answer, warnings } = await ask(body, principal.storeId);
      const status = statusOf(answer);
      if (status === 503) throw new DomainError('UNAVAILABLE', 'the catalogue index is away');
      if (status === 500) throw new Error(`a resolver failed: ${answer.errors?.[0]?.message}`);
      const extensions = warnings.length > 0 ? { extensions: { warnings } } : {};
      return json({ ...masked(answer), ...extensions }, status);
    },
  });
};
