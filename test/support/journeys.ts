// Calls the public API as a store and as a shopper.
import { expect } from 'bun:test';
import type { Shop } from './shop.ts';

const WAIT_LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Waits until `look` returns a value; the condition is a state, never a time. */
export const eventually = async <T>(
  what: string,
  look: () => Promise<T | undefined>,
  limitMs = WAIT_LIMIT_MS,
) => {
  const end = Date.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error(`timed out waiting for: ${what}`);
    await Bun.sleep(POLL_MS);
  }
};

export interface Answer<T = Record<string, unknown>> {
  status: number;
  body: T;
  headers: Headers;
}

export const request = async <T = Record<string, unknown>>(
  url: string,
  init: RequestInit = {},
): Promise<Answer<T>> => {
  const response = await fetch(url, init);
  const text = await response.text();
  const body = (text === '' ? {} : JSON.parse(text)) as T;
  return { status: response.status, body, headers: response.headers };
};

export const JSON_TYPE = { 'content-type': 'application/json' };

export const asStore = <T = Record<string, unknown>>(
  { env }: Shop,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer<T>> =>
  request<T>(`${env['GATEWAY_URL']}${path}`, {
    method,
    headers: { ...JSON_TYPE, authorization: `Bearer ${env['STORE_KEY']}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });

export interface Ware {
  productId: string;
  sku: string;
  /** A word that is in this product's name and in no other. */
  word: string;
  price: number;
}

const letters = (): string =>
  crypto
    .randomUUID()
    .replace(/[^a-f]/g, '')
    .slice(0, 12);

/** A new product of this test alone, with stock. */
export const stockedWare = async (
  shop: Shop,
  quantity: number,
  price = 29.99,
  currency = 'USD',
): Promise<Ware> => {
  const word = `w${letters()}${Date.now().toString(36)}`;
  const made = await asStore<{ id: string; variants: { sku: string }[] }>(
    shop,
    'POST',
    '/product',
    {
      name: `Ware ${word}`,
      description: 'made by a test',
      price,
      currency,
    },
  );
  expect(made.status).toBe(201);
  const { id: productId, variants } = made.body;
  const stock = await asStore(shop, 'PUT', `/product/${productId}/stock`, { quantity });
  expect(stock).toMatchObject({ status: 200, body: { onHand: quantity } });
  return { productId, sku: variants[0]?.sku ?? '', word, price };
};

export interface Found {
  id: string;
  variants: { sku: string; price: number; stock: { available: number } | null }[];
}

export const graphql = (shop: Shop, query: string, variables: unknown = {}) =>
  request<{ data?: Record<string, never>; errors?: { extensions: { code: string } }[] }>(
    `${shop.env['GATEWAY_URL']}/graphql`,
    { method: 'POST', headers: JSON_TYPE, body: JSON.stringify({ query, variables }) },
  );

const FIND = `query ($text: String) { products(text: $text, inStock: true) {
  edges { node { id variants { sku price stock { available } } } } } }`;

/** Waits until search has the ware in stock. */
export const searched = (shop: Shop, { word }: Ware): Promise<Found> =>
  eventually(`${word} is searchable and in stock`, async () => {
    const { body } = await graphql(shop, FIND, { text: word });
    const data = body.data as { products?: { edges: { node: Found }[] } } | undefined;
    return data?.products?.edges[0]?.node;
  });

export interface OrderAnswer {
  id: string;
  status: string;
  total: number;
  currency: string;
  code?: string;
  order?: { id: string; status: string; nextAction?: { kind: string; until?: string } };
  payment: {
    status: string;
    clientSecret?: string;
    refunded?: number;
    refunds?: { amount: number; status: string }[];
  };
  nextAction?: { kind: string; message: string; at?: string; until?: string };
  attention?: { reason: string };
  accessToken: string;
}

export const ADDRESS = {
  name: 'Robin Shopper',
  line1: '1 Harbour Street',
  city: 'Portree',
  postalCode: 'IV51 9DE',
  country: 'GB',
};

export interface OrderOptions {
  sku: string;
  quantity?: number;
  /** Empty for a checkout without one. */
  paymentMethod?: string;
  keepOnDecline?: boolean;
  expectedTotal?: number;
  /** Of the recipient. */
  name?: string;
  postalCode?: string;
  email?: string;
  key?: string;
  /** The bearer token of an account's session; a guest has none. */
  token?: string;
}

/** A recipient's name of one test, by which the carrier's faults find its parcels. */
export const newName = (): string => `Robin ${letters()}`;
export const newEmail = (): string => `${letters()}${Date.now().toString(36)}@shopper.example`;

export const placeOrder = ({ env }: Shop, options: OrderOptions): Promise<Answer<OrderAnswer>> =>
  request<OrderAnswer>(`${env['GATEWAY_URL']}/orders`, {
    method: 'POST',
    headers: {
      ...JSON_TYPE,
      'idempotency-key': options.key ?? crypto.randomUUID(),
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
    },
    body: JSON.stringify({
      lines: [{ sku: options.sku, quantity: options.quantity ?? 1 }],
      email: options.email ?? 'shopper@holdfast.example',
      shippingAddress: {
        ...ADDRESS,
        ...(options.name && { name: options.name }),
        ...(options.postalCode && { postalCode: options.postalCode }),
      },
      ...(options.keepOnDecline && { keepOnDecline: true }),
      ...(options.expectedTotal !== undefined && { expectedTotal: options.expectedTotal }),
      ...(options.paymentMethod !== '' && {
        paymentMethod: options.paymentMethod ?? 'pm_card_visa',
      }),
    }),
  });

/**
 * Sends again under its key while the order is not decided yet, as may happen on a slow machine.
 */
export const decidedOrder = async (
  shop: Shop,
  options: OrderOptions,
): Promise<Answer<OrderAnswer>> => {
  const keyed = { ...options, key: options.key ?? crypto.randomUUID() };
  return eventually('the order is decided', async () => {
    const answer = await placeOrder(shop, keyed);
    return answer.status === 202 && answer.body.status === 'accepted' ? undefined : answer;
  });
};

export const cancelByShopper = ({ env }: Shop, orderId: string, accessToken: string) =>
  request(`${env['GATEWAY_URL']}/orders/${orderId}/cancel`, {
    method: 'POST',
    headers: { ...JSON_TYPE, authorization: `Bearer ${accessToken}` },
    body: '{}',
  });

/** A call about one order, with its token. */
export const asShopper = <T = OrderAnswer>(
  { env }: Shop,
  { id, accessToken }: { id: string; accessToken: string },
  method: string,
  path = '',
  body?: unknown,
): Promise<Answer<T>> =>
  request<T>(`${env['GATEWAY_URL']}/orders/${id}${path}`, {
    method,
    headers: { ...JSON_TYPE, authorization: `Bearer ${accessToken}` },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
