// Bounds a GraphQL query before it runs: depth, fields, aliases, and rows times fields.
import {
  Kind,
  type DocumentNode,
  type FieldNode,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { LIMIT_MAX } from '../cursors.ts';

const DEPTH_MAX = 12;
const FIELDS_MAX = 300;
const ALIASES_MAX = 60;
/** About three full pages of 100 products with their variants and facets. */
const COST_MAX = 12_000;
const PAGE_DEFAULT = 20;
/** A product has a few variants; a variant's fields are resolved for each. */
const VARIANTS_ASSUMED = 5;
/** Fields that read more than their own row, by their cost in fields. */
const FIELD_COSTS: Record<string, number> = {
  facets: 300,
  matches: 100,
  product: 10,
  suggest: 50,
  orders: 50,
  order: 20,
  timeline: 20,
  me: 10,
  cart: 50,
  placeOrder: 2_000,
  providePayment: 2_000,
  cancelOrder: 1_000,
  requestReturn: 1_000,
  addToCart: 500,
  setCartLine: 500,
  removeCartLine: 500,
  mergeCart: 500,
  checkoutCart: 2_000,
};
/**
 * The root's fields that call another service or a store: each is a read over HTTP, too. A mutation
 * takes its own cost where it runs.
 */
const CALLING = ['products', 'product', 'collections', 'suggest', 'cart', 'order', 'orders', 'me'];
/** Calls wherever it is. */
const CALLING_BELOW = 'timeline';
/** A page of 20 products with its facets costs less, and is one read. */
const COST_PER_UNIT = 2_000;

/** Fields with a page: the fields of an edge are resolved for each edge. */
const PAGED = ['products', 'orders'];

interface Cost {
  fields: number;
  depth: number;
  aliases: number;
  cost: number;
  calls: number;
}

type Variables = Record<string, unknown> | null | undefined;

const firstOf = (field: FieldNode, variables: Variables): number => {
  const value = field.arguments?.find(({ name }) => name.value === 'first')?.value;
  const first =
    value?.kind === Kind.VARIABLE
      ? variables?.[value.name.value]
      : value?.kind === Kind.INT && Number(value.value);
  return typeof first === 'number' ? Math.min(Math.max(first, 1), LIMIT_MAX) : PAGE_DEFAULT;
};

/** The walk's state: its depth, how often its fields are resolved, the length of the next list. */
interface Position {
  depth: number;
  times: number;
  page: number;
  inside: string[];
}

const isCall = (field: string, { depth }: Position): boolean =>
  field === CALLING_BELOW || (depth === 0 && CALLING.includes(field));

/** Inside of introspection GraphQL's own rule bounds the depth. */
const INTROSPECTION = ['__schema', '__type'];

const below = (field: FieldNode, position: Position, variables: Variables): Position => {
  const { depth, times, page } = position;
  const name = field.name.value;
  if (INTROSPECTION.includes(name)) return { ...position, depth: Number.NEGATIVE_INFINITY };
  if (PAGED.includes(name))
    return { ...position, depth: depth + 1, page: firstOf(field, variables) };
  if (name === 'edges') return { ...position, depth: depth + 1, times: times * page, page: 1 };
  const own = name === 'variants' ? VARIANTS_ASSUMED : 1;
  return { ...position, depth: depth + 1, times: times * own };
};

/** The fields with every fragment expanded; a recursive fragment costs nothing more. */
const costOf = (document: DocumentNode, variables: Variables): Cost => {
  const fragments = new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet] as const] : [],
    ),
  );
  const sum: Cost = { fields: 0, depth: 0, aliases: 0, cost: 0, calls: 0 };
  const isTooMuch = (): boolean => sum.fields > FIELDS_MAX || sum.depth > DEPTH_MAX;
  const look = (one: SelectionNode, position: Position): void => {
    // Spreads count as well: fragments that only double each other have no field at all.
    sum.fields++;
    if (one.kind === Kind.FIELD) {
      if (one.alias) sum.aliases++;
      sum.cost += position.times * (FIELD_COSTS[one.name.value] ?? 1);
      if (isCall(one.name.value, position)) sum.calls += position.times;
      walk(one.selectionSet, below(one, position, variables));
    } else if (one.kind === Kind.INLINE_FRAGMENT) walk(one.selectionSet, position);
    else if (!position.inside.includes(one.name.value)) {
      const inside = [...position.inside, one.name.value];
      walk(fragments.get(one.name.value), { ...position, inside });
    }
  };
  const walk = (set: SelectionSetNode | undefined, position: Position): void => {
    sum.depth = Math.max(sum.depth, position.depth);
    if (isTooMuch()) return;
    for (const one of set?.selections ?? []) look(one, position);
  };
  for (const one of document.definitions) {
    if (one.kind === Kind.OPERATION_DEFINITION)
      walk(one.selectionSet, { depth: 0, times: 1, page: 1, inside: [] });
  }
  return sum;
};

/** What a query costs: the reason why it is refused, or its units by the limits. */
export interface Costs {
  excess: string | undefined;
  /** One for each call that it makes, or more for large pages; one at least, as for any read. */
  units: number;
}

const excessOf = ({ fields, depth, aliases, cost }: Cost): string | undefined => {
  if (depth > DEPTH_MAX) return `the query is deeper than ${DEPTH_MAX}`;
  if (fields > FIELDS_MAX) return `the query has more than ${FIELDS_MAX} fields`;
  if (aliases > ALIASES_MAX) return `the query has more than ${ALIASES_MAX} aliases`;
  if (cost > COST_MAX) return `the query costs ${cost} where ${COST_MAX} is the most: request less`;
  return undefined;
};

export const costsOf = (document: DocumentNode, variables: Variables): Costs => {
  const cost = costOf(document, variables);
  const units = Math.max(1, cost.calls, Math.ceil(cost.cost / COST_PER_UNIT));
  return { excess: excessOf(cost), units };
};
