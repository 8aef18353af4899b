// Places orders for a measurement: one unit of a sku by card, followed until delivery.
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

const GOOD_CARD = 'pm_card_visa';
const DELIVERED_LIMIT_MS = 120_000;

const SHOPPER = {
  email: 'bench@shopper.example',
  shippingAddress: {
    name: 'Bench',
    line1: '1 Main St',
    city: 'Portree',
    postalCode: 'IV51 9DE',
    country: 'GB',
  },
};

export interface Placed {
  status: number;
  id: string;
  accessToken: string;
}

export const placeOrder = async (
  gateway: string,
  sku: string,
  paymentMethod = GOOD_CARD,
): Promise<Placed> => {
  const response = await fetch(`${gateway}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', [IDEMPOTENCY_KEY_HEADER]: crypto.randomUUID() },
    body: JSON.stringify({ ...SHOPPER, paymentMethod, lines: [{ sku, quantity: 1 }] }),
  });
  const { id, accessToken } = (await response.json()) as Pick<Placed, 'id' | 'accessToken'>;
  return { status: response.status, id, accessToken };
};

export const answered = async (
  url: string,
  init: RequestInit,
  statuses = [200],
): Promise<string> => {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!statuses.includes(response.status)) throw new Error(`${url} answered ${text}`);
  return text;
};

/** Places orders one by one; `delivered` waits for all placed ones. */
export const ordering = (gateway: string, skus: () => string) => {
  const open: { id: string; accessToken: string }[] = [];
  const placeOne = async (): Promise<void> => {
    const placed = await placeOrder(gateway, skus());
    if (![201, 202].includes(placed.status)) throw new Error(`an order answered ${placed.status}`);
    open.push(placed);
  };
  const delivered = async (): Promise<void> => {
    const end = Date.now() + DELIVERED_LIMIT_MS;
    for (let one = open.pop(); one; one = open.pop()) {
      const headers = { authorization: `Bearer ${one.accessToken}` };
      for (;;) {
        const text = await answered(`${gateway}/orders/${one.id}`, { headers });
        if ((JSON.parse(text) as { status: string }).status === 'delivered') break;
        if (Date.now() > end) throw new Error(`${one.id} is not delivered`);
        await Bun.sleep(500);
      }
    }
  };
  return { placeOne, delivered };
};
