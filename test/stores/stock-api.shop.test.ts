// Tests Inventory's calls besides holds: locations, counts, losses, movements, and the watch.
import { beforeAll, describe, expect, test } from 'bun:test';
import { newId } from '../../domain/ids.ts';
import {
  MovementKind,
  type WatchStockResponse,
} from '../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import { decidedHold, holdOf, inventoryOf, outcomeOf, stockedSku } from '../support/inventory.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const LIMIT_MS = 60_000;
let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
beforeAll(async () => {
  shop = await openShop();
  inventory = inventoryOf(shop);
  for (const location of ['north', 'south']) {
    await inventory.createLocation({ location, name: `The ${location}` });
  }
}, UP_LIMIT_MS);

/** Units per location, received as one receipt each. */
const spreadSku = async (units: Record<string, number>): Promise<string> => {
  const sku = `T-${crypto.randomUUID()}`;
  const productId = newId('product');
  for (const [location, quantity] of Object.entries(units)) {
    const receiptId = crypto.randomUUID();
    await inventory.receiveStock({ receiptId, sku, quantity, productId, location });
  }
  return sku;
};

const positionsOf = async (sku: string) => {
  const { stock } = await inventory.batchGetStock({ skus: [sku], byLocation: true });
  return (stock[0]?.locations ?? []).map(
    ({ location, onHand, reserved }) => `${location} ${reserved}/${onHand}`,
  );
};

const reservationOf = async (reservationId: string) =>
  (await inventory.getReservation({ reservationId })).reservation;

describe('a location', () => {
  test('of a store is the default one, and those it has opened', async () => {
    const { locations } = await inventory.listLocations({});
    expect(locations[0]).toMatchObject({ location: 'default' });
    expect(locations.map(({ location }) => location)).toContain('north');
  });

  test('keeps its own count, and the sku has the sum', async () => {
    const sku = await spreadSku({ default: 1, north: 2, south: 3 });
    expect(await positionsOf(sku)).toEqual(['default 0/1', 'north 0/2', 'south 0/3']);
    const { stock } = await inventory.batchGetStock({ skus: [sku] });
    expect(stock).toMatchObject([{ onHand: 6, reserved: 0, available: 6, locations: [] }]);
  });

  test('that has all units is used alone, so that one parcel suffices', async () => {
    const [a, b] = [
      await spreadSku({ north: 9, south: 1 }),
      await spreadSku({ north: 1, south: 1 }),
    ];
    const lines = [
      { sku: a, quantity: 1 },
      { sku: b, quantity: 1 },
    ];
    const request = { ...holdOf(a), lines };
    await inventory.reserve(request);
    const reservation = await reservationOf(request.reservationId);
    expect(new Set(reservation?.allocations.map(({ location }) => location)).size).toBe(1);
  });

  test('gives its share when none has all units, and gets the same share back', async () => {
    const sku = await spreadSku({ north: 2, south: 3 });
    const request = holdOf(sku, 4);
    await inventory.reserve(request);
    const reservation = await reservationOf(request.reservationId);
    expect(reservation?.lines).toMatchObject([{ sku, quantity: 4 }]);
    expect(reservation?.allocations).toHaveLength(2);
    expect(await outcomeOf(inventory.reserve(holdOf(sku, 2)))).toBe('OUT_OF_STOCK');
    const { reservationId } = request;
    await inventory.claimReservation({ reservationId });
    await inventory.reverseClaim({ reservationId });
    expect(await positionsOf(sku)).toEqual(['north 0/2', 'south 0/3']);
  });

  test('of another store is refused, and receives nothing', async () => {
    const sku = await stockedSku(inventory, 1);
    const receipt = { receiptId: crypto.randomUUID(), sku, quantity: 1, location: 'nowhere' };
    expect(await outcomeOf(inventory.receiveStock(receipt))).toBe('INVALID_INPUT');
    const count = { sku, onHand: 7, location: 'nowhere' };
    expect(await outcomeOf(inventory.adjustStock(count))).toBe('INVALID_INPUT');
    expect(await positionsOf(sku)).toEqual(['default 0/1']);
  });
});

describe('a count', () => {
  test('made twice under one id is made once, with the same response', async () => {
    const sku = await stockedSku(inventory, 5);
    const count = { sku, onHand: 8, adjustmentId: crypto.randomUUID(), reason: 'found three' };
    const first = await inventory.adjustStock(count);
    await inventory.receiveStock({ receiptId: crypto.randomUUID(), sku, quantity: 1 });
    expect(await inventory.adjustStock(count)).toEqual(first);
    expect(await positionsOf(sku)).toEqual(['default 0/9']);
    const other = inventory.adjustStock({ ...count, onHand: 9 });
    expect(await outcomeOf(other)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  test('from an old version is refused', async () => {
    const sku = await stockedSku(inventory, 5);
    const { stock } = await inventory.batchGetStock({ skus: [sku] });
    const expectedVersion = stock[0]?.version ?? 0n;
    expect(await outcomeOf(inventory.adjustStock({ sku, onHand: 6, expectedVersion }))).toBe('ok');
    const late = inventory.adjustStock({ sku, onHand: 7, expectedVersion });
    expect(await outcomeOf(late)).toBe('VERSION_MISMATCH');
    expect(await positionsOf(sku)).toEqual(['default 0/6']);
  });

  test('of a loss takes from the newest holds, which then have an attention', async () => {
    const sku = await stockedSku(inventory, 5);
    const [old, young] = [holdOf(sku, 2), holdOf(sku, 3)];
    await inventory.reserve(old);
    await inventory.reserve(young);
    const loss = { sku, onHand: 3, reason: 'water damage', loss: true };
    const { stock } = await inventory.adjustStock(loss);
    expect(stock).toMatchObject({ onHand: 3, reserved: 3, available: 0 });
    expect((await reservationOf(old.reservationId))?.attention).toBeUndefined();
    const hurt = await reservationOf(young.reservationId);
    expect(hurt?.attention?.reason).toBe('units lost: water damage');
    expect(hurt?.lines).toMatchObject([{ sku, quantity: 3 }]);
    expect(hurt?.missing).toMatchObject([{ sku, quantity: 2 }]);
    const claim = () => inventory.claimReservation({ reservationId: young.reservationId });
    expect(await outcomeOf(claim())).toBe('OUT_OF_STOCK');
    expect(await positionsOf(sku)).toEqual(['default 3/3']);
    // A later receipt covers the hold again.
    await inventory.receiveStock({ receiptId: crypto.randomUUID(), sku, quantity: 2 });
    expect((await claim()).reservation).toMatchObject({ missing: [] });
    expect(await positionsOf(sku)).toEqual(['default 2/2']);
  });
});

describe('the movements of a sku', () => {
  test('are each listed once, newest first, page by page', async () => {
    const sku = await stockedSku(inventory, 5);
    const request = holdOf(sku, 2);
    await inventory.reserve(request);
    await inventory.claimReservation({ reservationId: request.reservationId });
    await inventory.reverseClaim({ reservationId: request.reservationId });
    await inventory.adjustStock({ sku, onHand: 4, reason: 'counted' });
    const seen: [MovementKind, number][] = [];
    let pageToken = '';
    do {
      const page = await inventory.listMovements({ sku, pageSize: 3, pageToken });
      for (const { kind, quantity } of page.movements) seen.push([kind, quantity]);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    expect(seen).toEqual([
      [MovementKind.ADJUSTED, -1],
      [MovementKind.REVERSED, 2],
      [MovementKind.CLAIMED, -2],
      [MovementKind.RECEIVED, 5],
    ]);
  });

  test('are paged by their own page tokens only', async () => {
    const sku = await stockedSku(inventory, 1);
    const forged = inventory.listMovements({ sku, pageToken: 'Zm9yZ2Vk' });
    expect(await outcomeOf(forged)).toBe('INVALID_INPUT');
  });
});

describe('a watch', () => {
  test(
    'starts with the present stock and continues with changes',
    async () => {
      const [a, b] = [await stockedSku(inventory, 3), await stockedSku(inventory, 4)];
      const stop = new AbortController();
      const heard: WatchStockResponse[] = [];
      const listening = (async () => {
        const answers = inventory.watchStock(
          { skus: [a, b] },
          { signal: stop.signal, timeoutMs: 0 },
        );
        for await (const answer of answers) {
          heard.push(answer);
          if (heard.length === 1) await inventory.reserve(holdOf(a, 3));
          if (heard.at(-1)?.stock.some(({ available }) => available === 0)) stop.abort();
        }
      })();
      await listening.catch(() => undefined);
      expect(heard[0]?.stock).toMatchObject([
        { sku: a, available: 3 },
        { sku: b, available: 4 },
      ]);
      expect(heard.slice(1).flatMap(({ stock }) => stock)).toMatchObject([
        { sku: a, onHand: 3, reserved: 3, available: 0 },
      ]);
    },
    LIMIT_MS,
  );

  test(
    'whose reader is slow gets the newest state, not every one',
    async () => {
      const sku = await stockedSku(inventory, 1);
      const stop = new AbortController();
      const changes = 30;
      let seen = 0;
      let last = 0;
      const answers = inventory.watchStock({ skus: [sku] }, { signal: stop.signal, timeoutMs: 0 });
      const listening = (async () => {
        for await (const { stock } of answers) {
          seen++;
          last = stock[0]?.onHand ?? 0;
          if (seen === 1) {
            for (let n = 0; n < changes; n++) {
              const receipt = { receiptId: crypto.randomUUID(), sku, quantity: 1 };
              await inventory.receiveStock(receipt);
            }
          }
          if (last === changes + 1) stop.abort();
        }
      })();
      await listening.catch(() => undefined);
      expect(last).toBe(changes + 1);
      expect(seen).toBeLessThan(changes);
      expect(await decidedHold(inventory, holdOf(sku, changes + 1))).toBe('ok');
    },
    LIMIT_MS,
  );
});
