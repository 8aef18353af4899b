// Runs GraphQL requests: bounds each query, executes it, and masks faults.
import { graphqlServer } from '@hono/graphql-server';
import { execute, GraphQLError, type GraphQLSchema } from 'graphql';
import type { Context } from 'hono';
import { z } from 'zod';
import { DomainError, invalid } from '../../../domain/errors.ts';
import { jsonBody, parsed } from '../body.ts';
import { media, type Env } from '../routes.ts';
import { costsOf } from './cost.ts';
import { rememberDocuments, type Known } from './documents.ts';

const QUERY_LENGTH_MAX = 20_000;

const hash = z.string().regex(/^(?:sha256:)?[0-9a-f]{64}$/);
const requestBody = z.strictObject({
  query: z.string().min(1).max(QUERY_LENGTH_MAX).optional(),
  /** The hash of a persisted operation. */
  documentId: hash.optional(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().max(200).nullish(),
  extensions: z
    .looseObject({ persistedQuery: z.looseObject({ sha256Hash: hash }).optional() })
    .nullish(),
});
export type Requested = z.output<typeof requestBody>;

const RESPONSE_TYPE = 'application/graphql-response+json';
export const GRAPHQL_RESPONSE = media(RESPONSE_TYPE, 'application/json');

/** The media type the caller prefers; both carry the same body (GraphQL over HTTP, 2024). */
const typeFor = (request: Request): Record<string, string> =>
  request.headers.get('accept')?.includes(RESPONSE_TYPE) ? { 'content-type': RESPONSE_TYPE } : {};

export interface Answer {
  data?: Record<string, unknown> | null;
  errors?: {
    message: string;
    path?: unknown[];
    extensions?: { code?: string; [fact: string]: unknown };
  }[];
  extensions?: Record<string, unknown>;
}

type AnswerError = NonNullable<Answer['errors']>[number];

/** Only a resolver's error has a path; one that is no DomainError is a fault. */
const isFault = ({ path, extensions }: AnswerError): boolean =>
  path !== undefined && extensions?.code === undefined;

/** Errors without one of our codes are faults, and show nothing. */
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

/** 503 only when all requested fields were unavailable; without data 400 or 500. */
const statusOf = ({ data, errors = [] }: Answer): number => {
  const roots = Object.entries(data ?? {});
  const failed = (name: string) => errors.some(({ path = [] }) => path[0] === name);
  const allAway = errors.length > 0 && errors.every((e) => e.extensions?.code === 'UNAVAILABLE');
  if (allAway && roots.every(([name, root]) => root === null && failed(name))) return 503;
  if (data !== undefined) return 200;
  return errors.some(isFault) ? 500 : 400;
};

/** DomainErrors become GraphQL errors with the same code; all others are masked. */
export const refusing = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { code, fields, facts, retryAfterSeconds } = error;
    throw new GraphQLError(error.message, {
      extensions: {
        ...facts,
        code,
        ...(fields.length > 0 && { fields }),
        ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
      },
    });
  }
};

/** A query within the limits: parsed, and possibly validated already. */
export interface Question {
  query: string;
  requested: Requested;
  known: Known;
  /** What it costs by the limits, as reads. */
  units: number;
}

/** Executes with a root object whose functions resolve the root's fields. */
export type Run = (question: Question, root: object, c: Context<Env>) => Promise<Answer>;

const executed = async (
  schema: GraphQLSchema,
  { known, requested }: Question,
  root: object,
): Promise<Answer> => {
  const { operationName } = requested;
  const { data, errors } = await execute({
    schema,
    document: known.document,
    rootValue: root,
    variableValues: requested.variables ?? {},
    ...(operationName && { operationName }),
  });
  return {
    ...(data !== undefined && { data }),
    ...(errors && { errors: errors.map((error) => error.toJSON() as AnswerError) }),
  };
};

/**
 * The server validates a document the first time; after that it is executed directly. The server
 * reads the request itself, so it gets a clean one in place of the caller's.
 */
export const running = (schema: GraphQLSchema): Run => {
  const server = graphqlServer({ schema, rootResolver: (c) => c.get('root') as object });
  return async (question, root, c) => {
    const { query, known, requested } = question;
    if (known.isValid) return executed(schema, question, root);
    const { variables, operationName } = requested;
    const callers = c.req.raw;
    c.set('root', root);
    c.req.raw = new Request(callers.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: variables ?? {}, operationName }),
    });
    try {
      const answer = await server(c, async () => undefined);
      if (!answer) throw new Error('the GraphQL server gave no response');
      const body = (await answer.json()) as Answer;
      known.isValid = body.data !== undefined;
      return body;
    } finally {
      c.req.raw = callers;
    }
  };
};

const jsonResponse = (request: Request, value: unknown, status: number): Response =>
  new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', ...typeFor(request) },
  });

/** The text of a query: its own, or that of the persisted operation it names. */
const queryOf = (persisted: Map<string, string>, requested: Requested): string => {
  const { query, documentId, extensions } = requested;
  const named = (documentId ?? extensions?.persistedQuery?.sha256Hash)?.replace('sha256:', '');
  if (query !== undefined) return query;
  if (named === undefined) throw invalid('query', 'is needed');
  const text = persisted.get(named);
  if (text === undefined) throw new DomainError('NOT_FOUND', 'no such persisted operation');
  return text;
};

const refusal = (request: Request, message: string): Response =>
  jsonResponse(request, { errors: [{ message, extensions: { code: 'INVALID_INPUT' } }] }, 400);

/** Reads the query of a request, or returns the response that refuses it. */
export const readingQuestions = (persisted: Map<string, string>) => {
  const documents = rememberDocuments();
  const known = (query: string): Known | string => {
    try {
      return documents(query);
    } catch (error) {
      return error instanceof Error ? error.message : 'the query does not parse';
    }
  };
  return (request: Request, body: unknown): Question | Response => {
    const requested = parsed(requestBody, body);
    const query = queryOf(persisted, requested);
    const found = known(query);
    if (typeof found === 'string') return refusal(request, found);
    const { excess, units } = costsOf(found.document, requested.variables);
    if (excess && requested.query) return refusal(request, excess);
    return { query, requested, known: found, units };
  };
};

/** The body of a POST; UNSUPPORTED_MEDIA_TYPE, MALFORMED_BODY and others of a body. */
export const questionBody = jsonBody;

/** The response over HTTP. UNAVAILABLE when no field had data; a fault without data throws. */
export const graphqlResponse = (request: Request, answer: Answer, away: string): Response => {
  const status = statusOf(answer);
  if (status === 503) throw new DomainError('UNAVAILABLE', away);
  if (status === 500) throw new Error(`a resolver failed: ${answer.errors?.[0]?.message}`);
  return jsonResponse(request, masked(answer), status);
};
