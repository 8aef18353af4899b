// Lists as Stripe pages them, its search by metadata, and `expand`.
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

const createdFits = (params: Params): ((item: Listed) => boolean) => {
  const at = integerOf(params, 'created');
  const gt = integerOf(params, 'created[gt]') ?? -1;
  const gte = integerOf(params, 'created[gte]') ?? 0;
  const lt = integerOf(params, 'created[lt]') ?? Infinity;
  const lte = integerOf(params, 'created[lte]') ?? Infinity;
  return ({ created }) =>
    created > gt &&
    created >= gte &&
    created < lt &&
    created <= lte &&
    (at === undefined || created === at);
};

const placeOf = (items: Listed[], params: Params, name: string): number | undefined => {
  const id = params.text(name);
  if (id === undefined) return undefined;
  const place = items.findIndex((item) => item.id === id);
  if (place < 0) throw missing('object', id, name);
  return place;
};

const isAsked = (asked: string | undefined, value: unknown): boolean =>
  asked === undefined || asked === value;

/** A page, the newest first, of the items whose `fields` are as asked. */
export const pageOf = <T extends Listed>(
  url: string,
  items: T[],
  params: Params,
  fields: (keyof T & string)[] = [],
) => {
  const limit = limitOf(params);
  const fits = createdFits(params);
  const newest = items.toReversed();
  const after = placeOf(newest, params, 'starting_after');
  const before = placeOf(newest, params, 'ending_before');
  const kept = newest
    .slice(after === undefined ? 0 : after + 1, before)
    .filter(fits)
    .filter((item) => fields.every((name) => isAsked(params.text(name), item[name])));
  const data = before === undefined ? kept.slice(0, limit) : kept.slice(-limit);
  return { object: 'list', data, has_more: kept.length > limit, url };
};

/** Stripe's search language as far as we speak it: metadata of one name equals a value. */
export const searchIntents = (ledger: Ledger, params: Params) => {
  const query = params.required('query');
  const match = /^metadata\[(["'])(.+?)\1\]\s*:\s*(["'])(.*)\3$/.exec(query.trim());
  if (!match) throw invalidRequest(`The query is not understood: ${query}`, { param: 'query' });
  const [, , name = '', , value] = match;
  const all = ledger.list<Intent>('payment_intent').toReversed();
  const found = all.filter((intent) => intent.metadata[name] === value);
  const from = integerOf(params, 'page') ?? 0;
  const to = from + limitOf(params);
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

/** Replaces the ids at the asked paths by the objects themselves. */
export const expand = (ledger: Ledger, object: unknown, params: Params): unknown =>
  Object.values(params.map('expand')).reduce((result: unknown, path) => {
    const steps = path.split('.');
    if (steps.length > EXPAND_DEPTH_MAX) {
      throw invalidRequest('You cannot expand more than 4 levels.', { param: 'expand' });
    }
    return expanded(ledger, result, steps);
  }, object);
