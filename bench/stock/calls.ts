// Calls Inventory for a measurement: Connect JSON, with its own skus.
import { newId } from '../../domain/ids.ts';

export const inventoryCalls = (env: Record<string, string>) => {
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${env['INTERNAL_TOKEN']}`,
  };
  const post = async (rpc: string, body: object): Promise<{ status: number; text: string }> => {
    const url = `${env['INVENTORY_URL']}/holdfast.inventory.v1.InventoryService/${rpc}`;
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, text: await response.text() };
  };
  return {
    post,
    /** The same, but throws on anything but success. */
    done: async (rpc: string, body: object): Promise<void> => {
      const { status, text } = await post(rpc, body);
      if (status !== 200) throw new Error(`${rpc} answered ${status}: ${text}`);
    },
  };
};

/** New skus with this many units each. */
export const stockedSkus = async (
  env: Record<string, string>,
  count: number,
  quantity: number,
): Promise<string[]> => {
  const { done } = inventoryCalls(env);
  const own = crypto.randomUUID().slice(0, 8);
  const skus = Array.from({ length: count }, (_, at) => `B-${own}-${at}`);
  for (const sku of skus) {
    const receiptId = crypto.randomUUID();
    await done('ReceiveStock', { receiptId, sku, quantity, productId: newId('product') });
  }
  return skus;
};
