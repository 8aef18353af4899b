// Tests an order whose units are at two locations: two parcels, one charge, one delivery.
import { beforeAll, describe, expect, test } from 'bun:test';
import { decidedOrder, eventually, stockedWare } from '../support/journeys.ts';
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
  id: string;
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

  test(
    'of which one parcel comes back is delivered, with that part refunded and on hand again',
    async () => {
      const { sku, productId } = await stockedWare(shop, 2, 20);
      const receiptId = crypto.randomUUID();
      await inventory.receiveStock({ receiptId, sku, quantity: 3, productId, location: ANNEX });
      const { body } = await decidedOrder(shop, { sku, quantity: 4 });
      const own = await eventually('both parcels are booked', async () => {
        const { body: carrier } = await control(shop, 'CARRIER_SANDBOX_URL', 'GET', 'shipments');
        const { shipments } = carrier as unknown as { shipments: Parcel[] };
        const both = shipments.filter(({ reference }) => reference === body.id);
        return both.length === 2 ? both : undefined;
      });
      const path = `shipments/${own[1]?.id}/outcome`;
      await control(shop, 'CARRIER_SANDBOX_URL', 'POST', path, { outcome: 'returned' });
      await reached(shop, body.id, 'delivered');
      const [parcel] = await shop.sql`select quantity from orders.parcels,
        jsonb_to_recordset(lines) as line (sku text, quantity int)
        where order_id = ${body.id} and status = 'returned'`;
      const back = Number(parcel?.['quantity']);
      const stock = await eventually('its units are on hand again', async () => {
        const answer = await inventory.batchGetStock({ skus: [sku] });
        return answer.stock[0]?.onHand === 1 + back ? answer.stock[0] : undefined;
      });
      expect(stock).toMatchObject({ reserved: 0 });
      await eventually('that part is refunded', async () =>
        (await providerView(shop, body.id)).keptMinor === 8_000 - back * 2_000 ? true : undefined,
      );
    },
    WORKFLOW_LIMIT_MS,
  );
});
