// The routes of the card provider's API that Holdfast uses, with their parameters.
import type { Context } from './charges.ts';
import { answerDispute, closeDispute } from './disputes.ts';
import type { Params } from './form.ts';
import type { Intents } from './intents.ts';
import type { Ledger } from './ledger.ts';
import { expand, pageOf, searchIntents } from './lists.ts';
import {
  missing,
  StripeError,
  type Charge,
  type Dispute,
  type Intent,
  type Refund,
} from './objects.ts';

export interface Route {
  method: string;
  path: RegExp;
  answer(params: Params, id: string): unknown;
}

const ID = '([a-z]+_\\w+)';
const PAGE = ['limit', 'starting_after', 'ending_before', 'created'];
const CONFIRM = ['payment_method', 'return_url', 'off_session'];
const CREATE = [
  'amount',
  'automatic_payment_methods',
  'capture_method',
  'confirm',
  'confirmation_method',
  'currency',
  'description',
  'metadata',
  'payment_method_types',
  'receipt_email',
  'statement_descriptor',
  'statement_descriptor_suffix',
  ...CONFIRM,
];

/** Makers of this ledger's routes: any, one object by its id, or a list. */
const makersOf = (ledger: Ledger) => {
  const route = (
    method: string,
    path: string,
    allowed: string[],
    answer: (params: Params, id: string) => unknown,
  ): Route => ({
    method,
    path: new RegExp(`^/v1/${path}$`),
    answer: (params, id) => {
      params.allowOnly([...allowed, 'expand']);
      const result = answer(params, id);
      return result instanceof StripeError ? result : expand(ledger, result, params);
    },
  });
  const one = (path: string, kind: 'charge' | 'refund' | 'dispute' | 'event'): Route =>
    route('GET', `${path}/${ID}`, [], (_, id) => {
      const found = ledger.find(kind, id);
      if (!found) throw missing(kind, id);
      return found;
    });
  const list = <T extends { id: string; created: number }>(
    path: string,
    kind: Parameters<Ledger['newest']>[0],
    fields: (keyof T & string)[] = [],
  ): Route =>
    route('GET', path, [...PAGE, ...fields], (params) =>
      pageOf({ url: `/v1/${path}`, kind, ledger }, params, fields),
    );
  return { route, one, list };
};

/** Disputes: read, answered with evidence, or accepted as lost. */
const disputeRoutes = (context: Context): Route[] => {
  const { route, one, list } = makersOf(context.ledger);
  return [
    list<Dispute>('disputes', 'dispute', ['charge', 'payment_intent']),
    one('disputes', 'dispute'),
    route('POST', `disputes/${ID}`, ['evidence', 'submit', 'metadata'], (params, id) =>
      answerDispute(context, id, params),
    ),
    route('POST', `disputes/${ID}/close`, [], (_, id) => closeDispute(context, id)),
  ];
};

export const routesOf = (intents: Intents, context: Context): Route[] => {
  const { ledger } = context;
  const { route, one, list } = makersOf(ledger);
  return [
    route('GET', 'payment_intents/search', ['query', 'limit', 'page'], (params) =>
      searchIntents(ledger, params),
    ),
    route('POST', 'payment_intents', CREATE, (params) => intents.create(params)),
    list<Intent>('payment_intents', 'payment_intent'),
    route('GET', `payment_intents/${ID}`, ['client_secret'], (_, id) => intents.intentById(id)),
    route('POST', `payment_intents/${ID}/confirm`, CONFIRM, (params, id) =>
      intents.confirm(id, params),
    ),
    route('POST', `payment_intents/${ID}/capture`, ['amount_to_capture'], (params, id) =>
      intents.capture(id, params),
    ),
    route('POST', `payment_intents/${ID}/cancel`, ['cancellation_reason'], (params, id) =>
      intents.cancel(id, params),
    ),
    route('POST', 'refunds', ['payment_intent', 'charge', 'amount', 'metadata', 'reason'], (p) =>
      intents.refund(p),
    ),
    list<Refund>('refunds', 'refund', ['payment_intent', 'charge']),
    one('refunds', 'refund'),
    list<Charge>('charges', 'charge', ['payment_intent']),
    one('charges', 'charge'),
    list<{ id: string; created: number; type: string }>('events', 'event', ['type']),
    one('events', 'event'),
    ...disputeRoutes(context),
  ];
};
