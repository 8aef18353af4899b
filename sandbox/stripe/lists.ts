// Pages lists as Stripe does, searches by metadata, and applies `expand`.
import type { Params } from './form.ts';
import type { Ledger } from './ledger.ts';
import { invalidRequest, missing, type Intent } from './objects.ts';

const LIMIT_DEFAULT = 10;
const LIMIT_MAX = 100;
const EXPAND_DEPTH_MAX = 4;

interface Listed {
  id: string;
  created: number;
}

const integerOf = (params: Params, name: string): number | undefined => {
  const text = params.text(name);
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const code = 'parameter_invalid_integer';
  throw invalidRequest(`Invalid integer: ${text}`, { code, param: name });
};

const limitOf = (params: Params): number => {
  const limit = integerOf(params, 'limit') ?? LIMIT_DEFAULT;
  if (limit >= 1 && limit <= LIMIT_MAX) return limit;
  const code = 'parameter_invalid_integer';
  throw invalidRequest(`limit must be from 1 to ${LIMIT_MAX}`, { code, param: 'limit' });
};

/** The range of creation seconds, both ends included. */
const createdOf = (params: Params): { from: number; to: number } => {
  const at = integerOf(params, 'created');
  const bound = (name: string): number | undefined => integerOf(params, `created[${name}]`);
  const from = Math.max((bound('gt') ?? -1) + 1, bound('gte') ?? 0, at ?? 0);
  const to = Math.min((bound('lt') ?? Infinity) - 1, bound('lte') ?? Infinity, at ?? Infinity);
  return { from, to };
};

const isPreflightRequest = (filter: string | undefined, value: unknown): boolean =>
  filter === undefined || filter === value;

interface Source {
  url: string;
  kind: Parameters<Ledger['newest']>[0];
  ledger: Ledger;
}

/** Reads the newest first until the page is full; objects are in creation order. */
export const pageOf = <T extends Listed>(
  { url, kind, ledger }: Source,
  params: Params,
  fields: (keyof T & string)[] = [],
) => {
  const limit = limitOf(params);
  const { from, to } = createdOf(params);
  const [after, before] = ['starting_after', 'ending_before'].map((name) => {
    const id = params.text(name);
    if (id !== undefined && !ledger.find(kind, id)) throw missing('object', id, name);
    return id;
  });
  const data: T[] = [];
  let hasMore = false;
  const all = before ? ledger.newerThan<T>(kind, before) : ledger.newest<T>(kind, after);
  for (const item of all) {
    if (before ? item.created > to || item.id === after : item.created < from) break;
    const isIn = item.created >= from && item.created <= to;
    if (!isIn || !fields.every((name) => isPreflightRequest(params.text(name), item[name])))
      continue;
    hasMore = data.length === limit;
    if (hasMore) break;
    data.push(item);
  }
  return { object: 'list', data: before ? data.toReversed() : data, has_more: hasMore, url };
};

/** The supported subset of Stripe's search language: one metadata name equals a value. */
export const searchIntents = (ledger: Ledger, params: Params) => {
  const query = params.required('query');
  const match = /^metadata\[(["'])(.+?)\1\]\s*:\s*(["'])(.*)\3$/.exec(query.trim());
  if (!match) throw invalidRequest(`The query is not understood: ${query}`, { param: 'query' });
  const [, , name = '', , value] = match;
  const from = integerOf(params, 'page') ?? 0;
  const to = from + limitOf(params);
  const found: Intent[] = [];
  for (const intent of ledger.newest<Intent>('payment_intent')) {
    if (intent.metadata[name] === value) found.push(intent);
    if (found.length > to) break;
  }
  const more = found.length > to;
  return {
    object: 'search_result',
    data: found.slice(from, to),
    has_more: more,
    next_page: more ? String(to) : null,
    url: '/v1/payment_intents/search',
  };
};

const KINDS = { ch: 'charge', pi: 'payment_intent', re: 'refund' } as const;

const expanded = (ledger: Ledger, value: unknown, path: string[]): unknown => {
  if (Array.isArray(value)) return value.map((item) => expanded(ledger, item, path));
  const kind = typeof value === 'string' && KINDS[value.split('_')[0] as keyof typeof KINDS];
  const object = kind ? ledger.find(kind, value) : value;
  const [step, ...rest] = path;
  if (step === undefined || object === null || typeof object !== 'object') return object;
  if (!Object.hasOwn(object, step)) {
    throw invalidRequest(`This property cannot be expanded (${step}).`, { param: 'expand' });
  }
  const inner = (object as Record<string, unknown>)[step];
  return { ...object, [step]: inner === null ? null : expanded(ledger, inner, rest) };
};

/** Replaces the ids at the requested paths by the objects. */
export const expand = (ledger: Ledger, object: unknown, params: Params): unknown =>
  Object.values(params.map('expand')).reduce((result: unknown, path) => {
    const steps = path.split('.');
    if (steps.length > EXPAND_DEPTH_MAX) {
      throw invalidRequest('You cannot expand more than 4 levels.', { param: 'expand' });
    }
    return expanded(ledger, result, steps);
  }, object);
