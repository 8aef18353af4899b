// The gateway's GraphQL schema: Search's schema, extended by the shopper's own fields.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  buildSchema,
  extendSchema,
  isIntrospectionType,
  isObjectType,
  Kind,
  parse,
  printSchema,
  type GraphQLSchema,
} from 'graphql';
import { sdlOf } from '../../http/graphql/types.ts';
import { cartShape, checkoutBody } from '../carts/shapes.ts';
import { eventResponse, orderResponse, returnResponse } from '../responses.ts';
import { orderBody, returnBody } from '../shapes.ts';

/** Composed by ops/generate.ts, checked in, compared. */
export const SCHEMA_FILE = resolve(import.meta.dirname, 'schema.graphql');

/** Queries and mutations are hand-written; their input and result types are those of HTTP. */
const SHOPPER = [
  readFileSync(resolve(import.meta.dirname, 'shopper.graphql'), 'utf8'),
  sdlOf([
    { kind: 'type', name: 'Order', schema: orderResponse, extra: ['timeline: [OrderEvent!]'] },
    { kind: 'type', name: 'OrderEvent', schema: eventResponse },
    { kind: 'type', name: 'Return', schema: returnResponse },
    { kind: 'type', name: 'Cart', schema: cartShape },
    { kind: 'input', name: 'PlaceOrderInput', schema: orderBody },
    { kind: 'input', name: 'CheckoutInput', schema: checkoutBody },
    { kind: 'input', name: 'ReturnInput', schema: returnBody },
  ]),
].join('\n');

/** Extends Search's schema with the gateway's fields and types, without copying it. */
export const composedSdl = (searchSdl: string): string =>
  `${printSchema(extendSchema(buildSchema(searchSdl), parse(SHOPPER)))}\n`;

/** Marks the gateway's own objects of Search's types: their fields have their own names. */
export const OWN = Symbol('made by the gateway');
type Source = Record<string | symbol, unknown>;

const ownTypes = new Set(
  parse(SHOPPER).definitions.flatMap((one) => ('name' in one && one.name ? [one.name.value] : [])),
);
const ownQueries = new Set(
  parse(SHOPPER).definitions.flatMap((one) =>
    one.kind === Kind.OBJECT_TYPE_EXTENSION && one.name.value === 'Query'
      ? (one.fields ?? []).map(({ name }) => name.value)
      : [],
  ),
);

/** Fields of Search's types are in its response under the query's response names. */
const readByResponseKey = (schema: GraphQLSchema): GraphQLSchema => {
  for (const type of Object.values(schema.getTypeMap())) {
    const isForeign = isObjectType(type) && !isIntrospectionType(type) && !ownTypes.has(type.name);
    if (!isForeign) continue;
    for (const field of Object.values(type.getFields())) {
      field.resolve = (source: Source, _args, _context, { path }) =>
        source[OWN in source ? field.name : path.key];
    }
  }
  return schema;
};

export const loadSchema = (): GraphQLSchema =>
  readByResponseKey(buildSchema(readFileSync(SCHEMA_FILE, 'utf8')));

export const isOwnQuery = (field: string): boolean => ownQueries.has(field);
