// Tests GraphQL types made from HTTP schemas: optional, nested and null fields, ids and enums.
import { buildSchema } from 'graphql';
import { describe, expect, test } from 'bun:test';
import { z } from 'zod';
import { idText } from '../openapi/texts.ts';
import { sdlOf } from './types.ts';

const thing = z.object({
  id: idText('order'),
  token: z.string().regex(/^hfo_[\w-]+$/),
  count: z.number().int().describe('How many.'),
  price: z.number().nullable(),
  kind: z.enum(['A', 'B']).meta({ title: 'Kind' }),
  word: z.enum(['a', 'b']).optional(),
  lines: z.array(z.object({ sku: z.string() }).meta({ title: 'ThingLine' })),
  data: z.looseObject({}),
});
const body = z.strictObject({
  lines: z.array(z.strictObject({ sku: z.string() }).meta({ title: 'Line' })),
  note: z.string().default(''),
});

describe('a type', () => {
  const sdl = sdlOf([
    { kind: 'type', name: 'Thing', schema: thing, extra: ['later: [ThingLine!]'] },
    { kind: 'input', name: 'ThingInput', schema: body },
  ]);

  test('has what its schema has', () => {
    for (const line of [
      'id: ID!',
      'token: String!',
      '"How many."\n  count: Int!',
      'price: Float\n',
      'kind: Kind!',
      'word: String\n',
      'lines: [ThingLine!]!',
      'data: JSON!',
      'later: [ThingLine!]',
      'enum Kind {\n  A\n  B\n}',
      'input LineInput {\n  sku: String!\n}',
      'note: String\n',
    ]) {
      expect(sdl).toContain(line);
    }
  });

  test('is GraphQL', () => {
    const schema = buildSchema(`type Query { thing(input: ThingInput): Thing } scalar JSON ${sdl}`);
    expect(schema.getType('ThingInput')).toBeDefined();
  });

  test('of a nested object without a title is refused', () => {
    const nameless = z.object({ inner: z.object({ a: z.string() }) });
    expect(() => sdlOf([{ kind: 'type', name: 'T', schema: nameless }])).toThrow('title');
  });
});
