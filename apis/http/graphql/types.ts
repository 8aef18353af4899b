// Makes GraphQL types from the schemas of the HTTP API, so that both APIs share one description.
import type { ZodType } from 'zod';
import { dereferenced, schemaOf, type Json } from '../openapi/schemas.ts';

export interface Described {
  kind: 'type' | 'input';
  name: string;
  schema: ZodType;
  /** Fields that have a resolver of their own: lines of SDL. */
  extra?: string[];
}

/** Of ids of ours, as `idText` makes it. */
const ID_PATTERN = /^\^[a-z]{3}_\[0-9a-z\]/;
const SCALARS: Record<string, string> = {
  string: 'String',
  integer: 'Int',
  number: 'Float',
  boolean: 'Boolean',
};

/** Every type that was needed, by its name. */
type Definitions = Map<string, string>;

const textType = (schema: Json, kind: Described['kind'], known: Definitions): string => {
  const { enum: values, title, pattern } = schema;
  if (Array.isArray(values) && typeof title === 'string') {
    known.set(title, `enum ${title} {\n${values.map((value) => `  ${value}`).join('\n')}\n}`);
    return title;
  }
  return kind === 'type' && ID_PATTERN.test(String(pattern)) ? 'ID' : 'String';
};

/** A nested object has the title of its schema; one without properties is any JSON. */
const typeOf = (given: Json, kind: Described['kind'], known: Definitions): string => {
  const schema = dereferenced(given);
  if (schema['type'] === 'array') return `[${typeOf(schema['items'] as Json, kind, known)}!]`;
  if (schema['type'] === 'string') return textType(schema, kind, known);
  if (schema['type'] !== 'object') return SCALARS[String(schema['type'])] ?? 'JSON';
  if (Object.keys(schema['properties'] ?? {}).length === 0) return 'JSON';
  const title = schema['title'];
  if (typeof title !== 'string') throw new Error('a nested object of GraphQL needs a title');
  const name = kind === 'input' ? `${title}Input` : title;
  known.set(name, objectOf({ kind, name }, schema, known));
  return name;
};

/** What may be null is `anyOf` with null, or a list of two types. */
const nullable = (schema: Json): { one: Json; isNull: boolean } => {
  const types = schema['type'];
  if (Array.isArray(types)) {
    return { one: { ...schema, type: types.find((type) => type !== 'null') }, isNull: true };
  }
  const options = schema['anyOf'] as Json[] | undefined;
  const one = options?.find(({ type }) => type !== 'null');
  return one ? { one, isNull: true } : { one: schema, isNull: false };
};

const objectOf = (
  { kind, name, extra = [] }: Omit<Described, 'schema'>,
  { properties, required = [] }: Json,
  known: Definitions,
): string => {
  const fields = Object.entries(properties as Record<string, Json>).flatMap(([field, schema]) => {
    const { one, isNull } = nullable(schema);
    const isNeeded = (required as string[]).includes(field) && !isNull;
    const about = schema['description'];
    return [
      ...(typeof about === 'string' ? [`  ${JSON.stringify(about)}`] : []),
      `  ${field}: ${typeOf(one, kind, known)}${isNeeded ? '!' : ''}`,
    ];
  });
  return [`${kind} ${name} {`, ...fields, ...extra.map((line) => `  ${line}`), '}'].join('\n');
};

/** The SDL of these types and of all that they need. */
export const sdlOf = (described: readonly Described[]): string => {
  const known: Definitions = new Map();
  for (const { schema, ...one } of described) {
    const io = one.kind === 'input' ? 'input' : 'output';
    known.set(one.name, objectOf(one, schemaOf(schema, io), known));
  }
  return [...known.values()].join('\n\n');
};
