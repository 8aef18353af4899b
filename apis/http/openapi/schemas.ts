// Makes the JSON Schema of a type, with the limits of all texts and whole numbers.
import { z, type ZodType } from 'zod';
import { currencyText } from './texts.ts';

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

/** Types that descriptions state once, by the id of their schema. */
const NAMED: Record<string, ZodType> = { Currency: currencyText };
const ZOD_REF = '#/$defs/';
const REF = '#/components/schemas/';

const refTo = (name: string): Json => {
  if (!NAMED[name]) throw new Error(`the schema ${name} is not among the named ones`);
  return { $ref: REF + name };
};

/** Applies the limits to all nested schemas. */
const annotated = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(annotated);
  if (typeof value !== 'object' || value === null) return value;
  const schema: Json = Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, annotated(inner)]),
  );
  const ref = schema['$ref'];
  if (typeof ref === 'string') return { ...schema, ...refTo(ref.slice(ZOD_REF.length)) };
  if (schema['type'] === 'string') return { ...schema, ...textRule(schema) };
  if (schema['type'] === 'integer') return { ...schema, ...wholeRule(schema) };
  return schema;
};

/** A named type is a reference to the components of the description. */
export const schemaOf = (type: ZodType, io: 'input' | 'output'): Json => {
  const made = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as Json;
  const { $schema: _, $defs: __, ...schema } = made;
  return annotated(schema) as Json;
};

/** The schema of a named type itself. */
const namedSchemaOf = (name: string): Json => {
  const made = z.toJSONSchema(z.object({ [name]: NAMED[name] ?? z.never() })) as Json;
  return annotated((made['$defs'] as Json)[name]) as Json;
};

/** The named types that a description refers to. */
export const namedSchemas = (description: unknown): Json => {
  const text = JSON.stringify(description);
  const names = Object.keys(NAMED).filter((name) => text.includes(`"${REF}${name}"`));
  return Object.fromEntries(names.map((name) => [name, namedSchemaOf(name)]));
};

/** The schema that a reference to a named type stands for; any other as it is. */
export const dereferenced = (schema: Json): Json => {
  const { $ref, ...rest } = schema;
  if (typeof $ref !== 'string') return schema;
  return { ...namedSchemaOf($ref.slice(REF.length)), ...rest };
};
