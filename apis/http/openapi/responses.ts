// Describes an operation's possible responses: its own, those of every route, and their headers.
import { z } from 'zod';
import { FIELDS_MAX, TEXT_LENGTH_MAX } from '../problems.ts';
import { mediaOfResponse, schemaOfResponse, type Route } from '../routes.ts';
import { schemaOf, type Json } from './schemas.ts';
import { codeText, words } from './texts.ts';

const RETRY_SECONDS_MAX = 24 * 60 * 60;
const HEADER_LENGTH_MAX = 1_000;

/** A refusal's facts, such as the present price, are members beside the standard ones. */
const PROBLEM = z.looseObject({
  type: z
    .string()
    .regex(/^urn:holdfast:problem:[a-z-]+$/)
    .max(100),
  title: words(100),
  status: z.number().int().min(400).max(599),
  code: codeText.describe('Stable; see the responses of each operation.'),
  detail: words(TEXT_LENGTH_MAX).optional(),
  requestId: z
    .string()
    .regex(/^[\w=-]+$/)
    .max(64),
  errors: z
    .array(z.object({ path: words(TEXT_LENGTH_MAX), message: words(TEXT_LENGTH_MAX) }))
    .max(FIELDS_MAX)
    .optional(),
});

const limitItems = (item: string) =>
  z
    .string()
    .regex(new RegExp(`^${item}(?:, ${item})*$`))
    .max(HEADER_LENGTH_MAX);

/** Each header may be absent: a call that is not counted has no limits. */
const HEADERS = {
  RateLimit: {
    description: 'What is left of each limit: r units, full again in t seconds.',
    type: limitItems('"[a-z-]+";r=\\d+;t=\\d+'),
  },
  'RateLimit-Policy': {
    description: 'The limits that were counted: q units in w seconds.',
    type: limitItems('"[a-z-]+";q=\\d+;w=\\d+'),
  },
  'Retry-After': {
    description: 'Seconds to wait before the next call.',
    type: z.number().int().min(1).max(RETRY_SECONDS_MAX),
  },
  'Access-Control-Allow-Origin': {
    description: 'The calling page, where it is on the list of origins; no other has any access.',
    type: z
      .string()
      .regex(/^https?:\/\//)
      .max(300),
  },
  'X-Request-Id': {
    description: 'Identifies the call in the logs; the one that was sent, where it is valid.',
    type: z
      .string()
      .regex(/^[\w=-]+$/)
      .max(64),
  },
};
type Header = keyof typeof HEADERS;

const ALWAYS: Header[] = [
  'RateLimit',
  'RateLimit-Policy',
  'Access-Control-Allow-Origin',
  'X-Request-Id',
];
const WAITING = [429, 503];

const headersOf = (status: number): Json => {
  const names = WAITING.includes(status) ? [...ALWAYS, 'Retry-After'] : ALWAYS;
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
};

/** The components that the responses refer to. */
export const responseComponents = (): { schemas: Json; headers: Json } => ({
  schemas: { Problem: schemaOf(PROBLEM, 'output') },
  headers: Object.fromEntries(
    Object.entries(HEADERS).map(([name, { description, type }]) => [
      name,
      { description, schema: schemaOf(type, 'output') },
    ]),
  ),
});

/** The listener's own refusal, before the app sees the call. */
const HEAD_TOO_LARGE = 431;
const isProblem = (status: number): boolean => status >= 400 && status !== HEAD_TOO_LARGE;

const KEY_HEADER = 'Idempotency-Key';

/** The refusals that are possible on every route. */
const refusalsOf = (route: Route): Record<number, string> => {
  const { statuses, needs, path, body, query, uploads, headers = {} } = route;
  const keyed = { 409: 'IDEMPOTENCY_KEY_IN_FLIGHT', 422: 'IDEMPOTENCY_KEY_REUSED' };
  return {
    400: statuses[400] ?? 'INVALID_INPUT or MALFORMED_BODY',
    ...(needs !== 'public' && { 401: 'UNAUTHENTICATED', 403: 'PERMISSION_DENIED' }),
    ...(path.includes('/:') && { 404: 'NOT_FOUND' }),
    ...((body ?? uploads) && { 408: 'BODY_TOO_SLOW', 413: 'BODY_TOO_LARGE' }),
    ...(body && { 415: 'UNSUPPORTED_MEDIA_TYPE' }),
    ...(headers[KEY_HEADER] && keyed),
    ...(query && { [HEAD_TOO_LARGE]: 'the head is too large for the listener; no body' }),
    429: 'RATE_LIMITED',
    500: 'INTERNAL',
    503: 'UNAVAILABLE or OVERLOADED',
  };
};

const PROBLEM_CONTENT = {
  'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
};

const contentOf = (route: Route, status: number): Json | undefined => {
  if (status === HEAD_TOO_LARGE || status === 204 || status === 304) return undefined;
  if (isProblem(status)) return PROBLEM_CONTENT;
  const schema = schemaOfResponse(route);
  const content = {
    ...(schema && { 'application/json': { schema: schemaOf(schema, 'output') } }),
    ...Object.fromEntries(mediaOfResponse(route).map((type) => [type, {}])),
  };
  return Object.keys(content).length > 0 ? content : undefined;
};

export const responsesOf = (route: Route): Json => {
  const meanings: Record<number, string> = { ...refusalsOf(route), ...route.statuses };
  return Object.fromEntries(
    Object.entries(meanings).map(([text, description]) => {
      const status = Number(text);
      const content = contentOf(route, status);
      return [text, { description, headers: headersOf(status), ...(content && { content }) }];
    }),
  );
};
