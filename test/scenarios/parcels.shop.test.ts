// Tests an order whose units are at two locations: two parcels, one charge, one delivery.
import { beforeAll, describe, expect, test } from 'bun:test';
import { decidedOrder, stockedWare } from '../support/journeys.ts';
import { control, eventsOf, providerView, reached } from '../support/judges.ts';
import { inventoryOf } from '../support/inventory.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const WORKFLOW_LIMIT_MS = 120_000;
const ANNEX = 'annex';

let shop: Shop;
let inventory: ReturnType<typeof inventoryOf>;
beforeAll(async () => {
  shop = await openShop();
  inventory = inventoryOf(shop);
  await inventory.createLocation({ location: ANNEX, name: 'The annex' });
}, UP_LIMIT_MS);

interface Parcel {
  reference: string;
  status: string;
}

describe('an order of more units than any one location has', () => {
  test(
    'is sent as one parcel from each, paid once and delivered once',
    async () => {
      const { sku, productId } = await stockedWare(shop, 2, 20);
      const receiptId = crypto.randomUUID();
      await inventory.receiveStock({ receiptId, sku, quantity: 3, productId, location: ANNEX });
      const { status, body } = await decidedOrder(shop, { sku, quantity: 4 });
      expect(status).toBe(201);
      await reached(shop, body.id, 'delivered');
      const { body: carrier } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
      const { shipments } = carrier as unknown as { shipments: Parcel[] };
      const own = shipments.filter(({ reference }) => reference === body.id);
      expect(own.map((parcel) => parcel.status)).toEqual(['delivered', 'delivered']);
      const { paid } = await providerView(shop, body.id);
      expect(paid.map((charge) => charge.amount_captured)).toEqual([8_000]);
      const { stock } = await inventory.batchGetStock({ skus: [sku], byLocation: true });
      expect(stock[0]).toMatchObject({ onHand: 1, reserved: 0, available: 1 });
      expect(stock[0]?.locations.map(({ reserved }) => reserved)).toEqual([0, 0]);
      const events = await eventsOf(shop, body.id);
      expect(events.filter((type) => type === 'OrderDelivered')).toHaveLength(1);
    },
    WORKFLOW_LIMIT_MS,
  );
});
