// Makes the JSON Schema of a type, with the limits of all texts and whole numbers.
import { z, type ZodType } from 'zod';

export type Json = Record<string, unknown>;

/** Strict JSON refuses a NUL everywhere, and so do queries. */
const TEXT_PATTERN = '^[^\\u0000]*$';
const INT32_MAX = 2 ** 31 - 1;

const RESTRICTIONS = ['format', 'pattern', 'enum', 'const'];

const textRule = (schema: Json): Json =>
  RESTRICTIONS.some((name) => name in schema) ? {} : { pattern: TEXT_PATTERN };

const wholeRule = ({ minimum, maximum }: Json): Json => {
  const isSmall = (bound: unknown): boolean =>
    typeof bound === 'number' && Math.abs(bound) <= INT32_MAX;
  return { format: isSmall(minimum) && isSmall(maximum) ? 'int32' : 'int64' };
};

/** Applies the limits to all nested schemas. */
const annotated = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(annotated);
  if (typeof value !== 'object' || value === null) return value;
  const schema = Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, annotated(inner)]),
  );
  if (schema['type'] === 'string') return { ...schema, ...textRule(schema) };
  if (schema['type'] === 'integer') return { ...schema, ...wholeRule(schema) };
  return schema;
};

export const schemaOf = (type: ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json;
  return annotated(schema) as Json;
};
