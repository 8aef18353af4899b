// Tests that invalid input of Inventory is refused with code and field, and changes nothing.
import { beforeAll, describe, expect, test } from 'bun:test';
import { DomainError } from '../../domain/errors.ts';
import { newId } from '../../domain/ids.ts';
import { ReservationState } from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { HOLD, holdOf, inventoryOf, stockedSku } from '../support/inventory.ts';
import { expectNoInsides } from '../support/refusals.ts';
import { serviceToken } from '../support/service-tokens.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
let sku: string;
beforeAll(async () => {
  shop = await openShop();
  inventory = inventoryOf(shop);
  sku = await stockedSku(inventory, 5);
}, UP_LIMIT_MS);

const stateOf = async (): Promise<unknown> => {
  const [row] = await shop.sql`select
    (select json_agg(b order by location) from inventory.balances b where sku = ${sku}) as balances,
    (select count(*) from inventory.movements where sku = ${sku}) as movements,
    (select count(*) from inventory.reservation_lines where sku = ${sku}) as lines`;
  return row;
};

const refusalOf = async (call: Promise<unknown>): Promise<DomainError> => {
  const error = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(DomainError);
  return error as DomainError;
};

const LONG = 'x'.repeat(1024 * 1024 - 1_000);
const lines = (count: number) => Array.from({ length: count }, () => ({ sku, quantity: 1 }));
const hold = (part: object) => inventory.reserve({ ...holdOf(sku), ...part });
const receive = (part: object) => {
  const receipt = { receiptId: crypto.randomUUID(), sku, quantity: 1 };
  return inventory.receiveStock({ ...receipt, ...part });
};
const count = (part: object) => inventory.adjustStock({ sku, onHand: 5, ...part });
const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });

const TABLE: [name: string, call: () => Promise<unknown>, code: string, path?: string][] = [
  ['an unknown sku', () => hold({ lines: [{ sku: 'T-none', quantity: 1 }] }), 'OUT_OF_STOCK'],
  ['no sku', () => hold({ lines: [{ quantity: 1 }] }), 'INVALID_INPUT', 'lines.0.sku'],
  ['a quantity of zero', () => hold({ lines: [{ sku }] }), 'INVALID_INPUT', 'lines.0.quantity'],
  [
    'a negative quantity on the second line',
    () => hold({ lines: [...lines(1), { sku, quantity: -1 }] }),
    'INVALID_INPUT',
    'lines.1.quantity',
  ],
  [
    'a huge quantity',
    () => hold({ lines: [{ sku, quantity: 2_147_483_647 }] }),
    'INVALID_INPUT',
    'lines.0.quantity',
  ],
  ['1,001 lines', () => hold({ lines: lines(1_001) }), 'INVALID_INPUT', 'lines'],
  ['no lines', () => hold({ lines: [] }), 'INVALID_INPUT', 'lines'],
  ['an empty id', () => hold({ reservationId: '' }), 'INVALID_INPUT', 'reservationId'],
  ['an id of a megabyte', () => hold({ reservationId: LONG }), 'INVALID_INPUT', 'reservationId'],
  [
    'an id with a line end',
    () => hold({ reservationId: 'a\nb' }),
    'INVALID_INPUT',
    'reservationId',
  ],
  ['no expiry', () => hold({ expiresIn: undefined }), 'INVALID_INPUT', 'expiresIn'],
  ['an expiry of 9 s', () => hold({ expiresIn: seconds(9) }), 'INVALID_INPUT', 'expiresIn'],
  [
    'an expiry of a day and 1 s',
    () => hold({ expiresIn: seconds(86_401) }),
    'INVALID_INPUT',
    'expiresIn',
  ],
  ['a negative expiry', () => hold({ expiresIn: seconds(-60) }), 'INVALID_INPUT', 'expiresIn'],
  ['a negative attempt', () => hold({ attempt: -1 }), 'INVALID_INPUT', 'attempt'],
  [
    'an extension of 9 s',
    () => inventory.extendReservation({ reservationId: 'r', expiresIn: seconds(9) }),
    'INVALID_INPUT',
    'expiresIn',
  ],
  ['a receipt of nothing', () => receive({ quantity: 0 }), 'INVALID_INPUT', 'quantity'],
  ['a receipt without an id', () => receive({ receiptId: '' }), 'INVALID_INPUT', 'receiptId'],
  [
    'a receipt at an invalid location',
    () => receive({ location: 'A B' }),
    'INVALID_INPUT',
    'location',
  ],
  [
    'a receipt at an unknown location',
    () => receive({ location: 'nowhere' }),
    'INVALID_INPUT',
    'location',
  ],
  ['a reason with a NUL', () => receive({ reason: 'a\0b' }), 'INVALID_INPUT', 'reason'],
  ['an invalid product id', () => receive({ productId: 'a,b' }), 'INVALID_INPUT', 'productId'],
  [
    'a new sku without a product',
    () => receive({ sku: 'T-of-no-product' }),
    'INVALID_INPUT',
    'productId',
  ],
  [
    'more units than the limit',
    () => receive({ quantity: 1_000_000_000 }),
    'INVALID_INPUT',
    'quantity',
  ],
  ['a negative count', () => count({ onHand: -1 }), 'INVALID_INPUT', 'onHand'],
  ['another version', () => count({ expectedVersion: 99n }), 'VERSION_MISMATCH'],
  [
    '501 skus',
    () => inventory.batchGetStock({ skus: lines(501).map(() => sku) }),
    'INVALID_INPUT',
    'skus',
  ],
  [
    'a sku of a control character',
    () => inventory.batchGetStock({ skus: ['a\tb'] }),
    'INVALID_INPUT',
    'skus.0',
  ],
  [
    'a sku that ends with a blank',
    () => inventory.batchGetStock({ skus: ['Größe '] }),
    'INVALID_INPUT',
    'skus.0',
  ],
  [
    'a sku of 65 characters',
    () => inventory.batchGetStock({ skus: ['x'.repeat(65)] }),
    'INVALID_INPUT',
    'skus.0',
  ],
  [
    'a page of 101',
    () => inventory.listMovements({ sku, pageSize: 101 }),
    'INVALID_INPUT',
    'pageSize',
  ],
  ['a claim of nothing', () => inventory.claimReservation({ reservationId: 'none' }), 'NOT_FOUND'],
  ['a reversal of nothing', () => inventory.reverseClaim({ reservationId: 'none' }), 'NOT_FOUND'],
];

describe('a request of', () => {
  for (const [name, call, code, path] of TABLE) {
    test(`${name} is refused: ${code}`, async () => {
      const before = await stateOf();
      const refusal = await refusalOf(call());
      expect([refusal.code, refusal.fields[0]?.path]).toEqual([code as never, path]);
      expectNoInsides(refusal.message);
      expect(await stateOf()).toEqual(before);
    });
  }

  test('release of an unknown reservation succeeds', async () => {
    expect(
      (await inventory.releaseReservation({ reservationId: 'none' })).reservation,
    ).toBeUndefined();
  });
});

describe('a JSON value outside of the contract', () => {
  const QUANTITIES = [1.5, '1.5', 2 ** 53, 'one', true, {}, [1]];
  for (const quantity of QUANTITIES) {
    test(`a quantity of ${JSON.stringify(quantity)} is refused`, async () => {
      const before = await stateOf();
      const path = 'holdfast.inventory.v1.InventoryService/Reserve';
      const body = {
        reservationId: crypto.randomUUID(),
        lines: [{ sku, quantity }],
        expiresIn: '60s',
      };
      const response = await fetch(`${shop.env['INVENTORY_URL']}/${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${shop.env['INTERNAL_TOKEN']}`,
        },
        body: JSON.stringify(body),
      });
      expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([
        400,
        'invalid_argument',
      ]);
      expect(await stateOf()).toEqual(before);
    });
  }
});

describe("another store's", () => {
  const strangers = async () => {
    const token = await serviceToken({
      ...{ audience: 'inventory', subject: 'local', storeId: newId('store') },
    });
    return inventoryOf({ ...shop, env: { ...shop.env, INTERNAL_TOKEN: token } });
  };

  test('sku does not exist: it has no stock and no movements, and cannot be held', async () => {
    const other = await strangers();
    const { stock } = await other.batchGetStock({ skus: [sku], byLocation: true });
    expect(stock).toMatchObject([{ onHand: 0, available: 0, version: 0n, locations: [] }]);
    expect((await other.listMovements({ sku })).movements).toEqual([]);
    expect((await refusalOf(other.reserve(holdOf(sku)))).code).toBe('OUT_OF_STOCK');
  });

  test('reservation is not found, and stays as it is', async () => {
    const request = holdOf(sku);
    const { reservationId } = request;
    await inventory.reserve(request);
    const other = await strangers();
    const calls = [
      () => other.getReservation({ reservationId }),
      () => other.claimReservation({ reservationId }),
      () => other.reverseClaim({ reservationId }),
      () => other.extendReservation({ reservationId, expiresIn: HOLD }),
    ];
    for (const call of calls) expect((await refusalOf(call())).code).toBe('NOT_FOUND');
    await other.releaseReservation({ reservationId });
    expect((await inventory.getReservation({ reservationId })).reservation?.state).toBe(
      ReservationState.HELD,
    );
    await inventory.releaseReservation({ reservationId });
  });
});
