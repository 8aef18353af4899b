// Reads arguments of GraphQL fields with the schemas of the HTTP bodies and headers.
import type { z } from 'zod';
import { DomainError } from '../../../domain/errors.ts';
import { parsed } from '../../http/body.ts';
import type { Account } from '../../http/principals.ts';
import type { RouteInput } from '../../http/routes.ts';
import { idempotencyKey } from '../order-calls.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../../domain/headers.ts';

export interface Keyed {
  idempotencyKey?: string | null;
}

/** An argument by name, else the header; of `min` characters, by default as for orders. */
export const keyIn = (
  { idempotencyKey: key }: Keyed,
  { request }: RouteInput,
  min?: number,
): string | undefined => {
  const given = key ?? request.headers.get(IDEMPOTENCY_KEY_HEADER) ?? undefined;
  return given === undefined ? undefined : idempotencyKey(given, min);
};

/** Turns GraphQL's `null` into absence, which is all the schemas know. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, one]) => one !== null);
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutNulls(one)]));
};

/** Parses with the schema of the HTTP route. INVALID_INPUT with the wrong fields. */
export const inputOf = <T>(schema: z.ZodType<T>, input: unknown): T =>
  parsed(schema, withoutNulls(input));

export const accountOf = ({ principal }: RouteInput): Account => {
  if (principal.kind === 'account') return principal;
  throw new DomainError('UNAUTHENTICATED', 'sign in');
};
