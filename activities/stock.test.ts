// Tests what the stock activities send to Inventory.
import { expect, test } from 'bun:test';
import { stockActivities, type StockClient } from './stock.ts';

/** Inventory's own rule for the id of a receipt (proto/holdfast/inventory/v1). */
const RECEIPT_ID = /^[\x21-\x7e]{1,128}$/;

test('a receipt of any sku has an id that Inventory takes, another one for each sku', async () => {
  const sent: { receiptId: string; sku: string }[] = [];
  const receiveStock = (receipt: { receiptId: string; sku: string }) => {
    sent.push(receipt);
    return Promise.resolve({});
  };
  const { restockUnits } = stockActivities({ receiveStock } as unknown as StockClient);
  const skus = ['TS-42', 'Größe M', 'コーヒー豆', `#12 (${'ü'.repeat(50)})`];
  const units = skus.map((sku) => ({ sku, quantity: 1 }));
  const input = { orderId: 'ord_1', storeId: 'sto_1', receiptId: 'ret_01abc/restock', units };
  await restockUnits(input);
  expect(sent.map(({ sku }) => sku)).toEqual(skus);
  expect(sent[0]?.receiptId).toBe('ret_01abc/restock/TS-42');
  for (const { receiptId } of sent) expect(receiptId).toMatch(RECEIPT_ID);
  expect(new Set(sent.map(({ receiptId }) => receiptId)).size).toBe(skus.length);
});
