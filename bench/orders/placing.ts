// An order as a measurement places it: one unit of a sku by a good card.

const SHOPPER = {
  email: 'bench@shopper.example',
  paymentMethod: 'pm_card_visa',
  shippingAddress: {
    ...{ name: 'Bench', line1: '1 Road', city: 'Portree', postalCode: 'IV51 9DE', country: 'GB' },
  },
};

export interface Placed {
  status: number;
  id: string;
  accessToken: string;
}

export const placeOrder = async (gateway: string, sku: string): Promise<Placed> => {
  const response = await fetch(`${gateway}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
    body: JSON.stringify({ ...SHOPPER, lines: [{ sku, quantity: 1 }] }),
  });
  const { id, accessToken } = (await response.json()) as Pick<Placed, 'id' | 'accessToken'>;
  return { status: response.status, id, accessToken };
};
