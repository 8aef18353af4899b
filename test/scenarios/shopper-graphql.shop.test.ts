// Tests a shopper's whole order over GraphQL, with the codes and keys of the HTTP API.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  ADDRESS,
  eventually,
  JSON_TYPE,
  newEmail,
  request,
  searched,
  stockedWare,
} from '../support/journeys.ts';
import { newMember, type Member } from '../support/accounts.ts';
import { authenticate, balance, reached } from '../support/judges.ts';
import { withGateway } from '../support/gateways.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
}, UP_LIMIT_MS);

interface Node {
  id: string;
  status: string;
  accessToken: string;
  timeline: { type: string }[];
}
interface GraphqlBody {
  data?: unknown;
  errors?: { message: string; path?: string[]; extensions: Record<string, unknown> }[];
}

/** The data of a query's one field; throws when there is none. */
const nodeOf = ({ body }: { body: GraphqlBody }): Node => {
  const [node] = Object.values((body.data ?? {}) as Record<string, Node>);
  if (!node) throw new Error(`no data: ${JSON.stringify(body)}`);
  return node;
};

const graphql = (
  query: string,
  variables: unknown = {},
  headers: Record<string, string> = {},
  url = shop.env['GATEWAY_URL'],
) =>
  request<GraphqlBody>(`${url}/graphql`, {
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify({ query, variables }),
  });

const PLACE = `mutation ($input: PlaceOrderInput!, $key: String) {
  placeOrder(input: $input, idempotencyKey: $key) {
    id status total currency accessToken payment { status clientSecret } nextAction { kind }
    lines { sku quantity unitPrice }
  } }`;
const ORDER = `query ($id: ID!, $token: String) {
  order(id: $id, accessToken: $token) {
    status payment { status } timeline { sequence type at data } } }`;

interface Call {
  sku: string;
  quantity?: number;
  paymentMethod?: string;
  email?: string;
}
const inputOf = ({ sku, quantity = 1, paymentMethod = 'pm_card_visa', email }: Call) => ({
  lines: [{ sku, quantity }],
  email: email ?? newEmail(),
  shippingAddress: ADDRESS,
  paymentMethod,
});

const codesOf = ({ body }: { body: GraphqlBody }): unknown[] =>
  (body.errors ?? []).map(({ extensions }) => extensions['code']);

describe('over GraphQL a guest', () => {
  test(
    'finds a product, buys it, follows it to the doorstep, and sends it back',
    async () => {
      const ware = await stockedWare(shop, 3);
      await searched(shop, ware);
      const call = { input: inputOf({ sku: ware.sku, quantity: 2 }), key: crypto.randomUUID() };
      const placed = await graphql(PLACE, call);
      expect(codesOf(placed)).toEqual([]);
      const order = nodeOf(placed);
      expect(order).toMatchObject({
        total: 59.98,
        lines: [{ sku: ware.sku, quantity: 2, unitPrice: 29.99 }],
      });
      const again = await graphql(PLACE, call);
      expect(nodeOf(again)).toMatchObject({ id: order.id });
      await reached(shop, order.id, 'delivered');
      const variables = { id: order.id, token: order.accessToken };
      const seen = await graphql(ORDER, variables);
      const types = nodeOf(seen).timeline.map(({ type }) => type);
      expect([types.at(0), types.at(-1)]).toEqual(['OrderAccepted', 'OrderDelivered']);
      const byHeader = await graphql(
        ORDER,
        { id: order.id },
        { authorization: `Bearer ${order.accessToken}` },
      );
      expect(byHeader.body).toEqual(seen.body);
      const returned = await graphql(
        `
          mutation ($id: ID!, $token: String, $input: ReturnInput!) {
            requestReturn(orderId: $id, accessToken: $token, input: $input) {
              id
              orderId
              status
              refund
              lines {
                sku
                quantity
              }
            }
          }
        `,
        { ...variables, input: { lines: [{ sku: ware.sku, quantity: 1 }], reason: 'too warm' } },
      );
      expect(nodeOf(returned)).toMatchObject({
        orderId: order.id,
        refund: 29.99,
        lines: [{ sku: ware.sku, quantity: 1 }],
      });
    },
    WORKFLOW_LIMIT_MS,
  );

  test(
    'pays with 3-D Secure, or cancels and has the stock released',
    async () => {
      const { sku } = await stockedWare(shop, 2);
      const paymentMethod = 'pm_card_authenticationRequired';
      const place = async () =>
        nodeOf(
          await graphql(PLACE, {
            input: inputOf({ sku, paymentMethod }),
            key: crypto.randomUUID(),
          }),
        );
      const [paid, cancelled] = [await place(), await place()];
      await reached(shop, paid.id, 'awaiting_payment');
      await authenticate(shop, paid.id);
      await graphql(
        `
          mutation ($id: ID!, $token: String) {
            providePayment(orderId: $id, accessToken: $token) {
              status
            }
          }
        `,
        { id: paid.id, token: paid.accessToken },
      );
      await reached(shop, paid.id, 'delivered');
      await reached(shop, cancelled.id, 'awaiting_payment');
      const answer = await graphql(
        `
          mutation ($id: ID!, $token: String) {
            cancelOrder(orderId: $id, accessToken: $token) {
              id
            }
          }
        `,
        { id: cancelled.id, token: cancelled.accessToken },
      );
      expect(nodeOf(answer).id).toBe(cancelled.id);
      await reached(shop, cancelled.id, 'cancelled');
      await eventually('the stock is released', async () => {
        const { on_hand, reserved } = (await balance(shop, sku)) ?? {};
        return on_hand === 1 && reserved === 0 ? true : undefined;
      });
    },
    WORKFLOW_LIMIT_MS,
  );

  test(
    'is refused with the codes of the HTTP API, and gets the id of the order that exists',
    async () => {
      const { sku } = await stockedWare(shop, 1);
      const place = (call: Partial<Call>, key: string = crypto.randomUUID()) =>
        graphql(PLACE, { input: inputOf({ sku, ...call }), ...(key !== '' && { key }) });
      expect(codesOf(await place({}, ''))).toEqual(['IDEMPOTENCY_KEY_MISSING']);
      expect(codesOf(await place({}, 'short'))).toEqual(['INVALID_INPUT']);
      expect(codesOf(await place({ quantity: 0 }))).toEqual(['INVALID_INPUT']);
      expect(codesOf(await place({ paymentMethod: 'visa' }))).toEqual(['INVALID_INPUT']);
      expect(codesOf(await place({ email: 'nothing' }))).toEqual(['INVALID_INPUT']);
      const declined = await eventually('it is declined', async () => {
        const paymentMethod = 'pm_card_visa_chargeDeclined';
        const answer = await place({ paymentMethod });
        return answer.body.errors ? answer : undefined;
      });
      const extensions = declined.body.errors?.[0]?.extensions ?? {};
      expect(extensions).toMatchObject({ code: 'CARD_DECLINED', order: { status: 'rejected' } });
      expect(extensions['accessToken']).toStartWith('hfo_');
      const tooMany = await eventually('it is refused', async () => {
        const answer = await place({ quantity: 2 });
        return answer.body.errors ? answer : undefined;
      });
      expect(codesOf(tooMany)).toEqual(['OUT_OF_STOCK']);
      const card = { paymentMethod: '4242424242424242' };
      expect(await place(card)).toMatchObject({
        status: 400,
        body: { code: 'CARD_DATA_FORBIDDEN' },
      });
    },
    WORKFLOW_LIMIT_MS,
  );

  test("sees no other guest's order, and no list", async () => {
    const variables = { id: newId('order') };
    expect(codesOf(await graphql(ORDER, variables))).toEqual(['UNAUTHENTICATED']);
    const token = `hfo_${'x'.repeat(43)}`;
    expect(codesOf(await graphql(ORDER, { ...variables, token }))).toEqual(['NOT_FOUND']);
    const anonymous = await graphql('{ me { id } orders { edges { node { id } } } }');
    expect(anonymous.body.data).toEqual({ me: null, orders: null });
    expect(codesOf(anonymous)).toEqual(['UNAUTHENTICATED']);
  });
});

describe('over GraphQL an account', () => {
  const ORDERS = `query ($first: Int, $after: String) { orders(first: $first, after: $after) {
    edges { cursor node { id status accessToken } } pageInfo { hasNextPage endCursor } } }`;
  const RETURN = `mutation ($id: ID!, $input: ReturnInput!, $key: String) {
    requestReturn(orderId: $id, input: $input, idempotencyKey: $key) {
      id orderId status refund lines { sku quantity } } }`;
  interface Listed {
    edges: { cursor: string; node: Node }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  }
  const as =
    ({ token }: Member) =>
    (query: string, variables: unknown = {}) =>
      graphql(query, variables, { authorization: `Bearer ${token}` });
  const listed = ({ body }: { body: GraphqlBody }): Listed =>
    (body.data as { orders: Listed }).orders;

  test(
    'knows itself, buys, finds its orders page by page, follows one and sends it back',
    async () => {
      const member = await newMember(shop);
      const own = as(member);
      const me = { id: member.accountId, email: member.email, emailVerified: false };
      expect((await own('{ me { id email emailVerified } }')).body.data).toEqual({ me });
      const { sku } = await stockedWare(shop, 5);
      const { email: _, ...input } = inputOf({ sku, quantity: 2 });
      const place = async () => nodeOf(await own(PLACE, { input, key: crypto.randomUUID() }));
      const [older, newer] = [await place(), await place()];
      const first = listed(await own(ORDERS, { first: 1 }));
      expect(first).toMatchObject({
        edges: [{ node: { id: newer.id, accessToken: null } }],
        pageInfo: { hasNextPage: true },
      });
      const rest = listed(await own(ORDERS, { first: 1, after: first.pageInfo.endCursor }));
      expect(rest).toMatchObject({
        edges: [{ node: { id: older.id } }],
        pageInfo: { hasNextPage: false },
      });

      await reached(shop, older.id, 'delivered');
      const types = nodeOf(await own(ORDER, { id: older.id })).timeline.map(({ type }) => type);
      expect([types.at(0), types.at(-1)]).toEqual(['OrderAccepted', 'OrderDelivered']);
      const back = { lines: [{ sku, quantity: 1 }], reason: 'too warm' };
      const call = { id: older.id, input: back, key: crypto.randomUUID() };
      const returned = nodeOf(await own(RETURN, call));
      expect(returned).toMatchObject({ orderId: older.id, refund: 29.99, lines: back.lines });
      expect(nodeOf(await own(RETURN, call)).id).toBe(returned.id);
    },
    WORKFLOW_LIMIT_MS,
  );

  test(
    "sees nothing of another account's, and cannot use a cursor of its list",
    async () => {
      const [own, other] = [as(await newMember(shop)), as(await newMember(shop))];
      const { sku } = await stockedWare(shop, 5);
      const { email: _, ...input } = inputOf({ sku });
      const { id } = nodeOf(await own(PLACE, { input, key: crypto.randomUUID() }));
      const back = { lines: [{ sku, quantity: 1 }] };
      expect(codesOf(await other(ORDER, { id }))).toEqual(['NOT_FOUND']);
      expect(codesOf(await other(RETURN, { id, input: back }))).toEqual(['NOT_FOUND']);
      expect(listed(await other(ORDERS)).edges).toEqual([]);
      const { pageInfo } = listed(await own(ORDERS, { first: 1 }));
      const after = pageInfo.endCursor;
      expect(after).not.toBeNull();
      expect(codesOf(await other(ORDERS, { after }))).toEqual(['INVALID_INPUT']);
    },
    WORKFLOW_LIMIT_MS,
  );
});

describe("a query of both services' fields", () => {
  test(
    'is answered as if there were one service, aliases and fragments included',
    async () => {
      const ware = await stockedWare(shop, 3);
      await searched(shop, ware);
      const { status, body } = await graphql(
        `query both($text: String, $id: ID!, $token: String) {
          mine: order(id: $id, accessToken: $token) { id }
          found: products(text: $text, first: 1) { hits: edges { node { ...card } } }
          ...more
          kind: __typename
        }
        fragment card on Product { title: name pieces: variants { code: sku stock { left: available } } }
        fragment more on Query { me { id } one: product(id: "${ware.productId}") { slug: id } }`,
        { text: ware.word, id: newId('order'), token: 'hfo_of-another-order' },
      );
      expect(status).toBe(200);
      expect(body.data).toEqual({
        mine: null,
        found: {
          hits: [
            {
              node: {
                title: `Ware ${ware.word}`,
                pieces: [{ code: ware.sku, stock: { left: 3 } }],
              },
            },
          ],
        },
        me: null,
        one: { slug: ware.productId },
        kind: 'Query',
      });
      expect(body.errors).toMatchObject([{ path: ['mine'], extensions: { code: 'NOT_FOUND' } }]);
    },
    WORKFLOW_LIMIT_MS,
  );

  test(
    'is answered partly while Search is unavailable: null, with the error UNAVAILABLE',
    () =>
      withGateway({ HOLDFAST_SEARCH_URL: 'http://127.0.0.1:1' }, async ({ url }) => {
        const partly = await graphql('{ me { id } product(id: "a") { id } }', {}, {}, url);
        expect(partly).toMatchObject({ status: 200, body: { data: { me: null, product: null } } });
        expect(codesOf(partly)).toEqual(['UNAVAILABLE']);
        const alone = await graphql('{ product(id: "a") { id } }', {}, {}, url);
        expect(alone).toMatchObject({ status: 503, body: { code: 'UNAVAILABLE' } });
      }),
    WORKFLOW_LIMIT_MS,
  );

  test('that would place a dozen orders is refused', async () => {
    const { sku } = await stockedWare(shop, 1);
    const one = (at: number) =>
      `p${at}: placeOrder(input: $input, idempotencyKey: "${crypto.randomUUID()}") { id }`;
    const all = Array.from({ length: 12 }, (_, at) => one(at)).join(' ');
    const answer = await graphql(`mutation ($input: PlaceOrderInput!) { ${all} }`, {
      input: inputOf({ sku }),
    });
    expect([answer.status, codesOf(answer)]).toEqual([400, ['INVALID_INPUT']]);
  });
});
