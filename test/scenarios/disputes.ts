// Orders that a bank disputes: what the bank does, and what Order Recovery shows of it.
import { eventually } from '../support/journeys.ts';
import { accountsOf, asOperator, control, eventsOf, providerView } from '../support/judges.ts';
import type { Shop } from '../support/shop.ts';

interface SeenDispute {
  id: string;
  status: string;
}

/** The bank disputes a delivered order, or asks about it; absent amounts are all that is left. */
export const disputed = async (
  shop: Shop,
  orderId: string,
  claim: { amount?: number; isInquiry?: boolean; answerSeconds?: number } = {},
): Promise<SeenDispute> => {
  const { paid } = await providerView(shop, orderId);
  const body = { charge: paid[0]?.id, ...claim };
  const answer = await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'disputes', body);
  return answer.body as unknown as SeenDispute;
};

export const decide = (shop: Shop, disputeId: string, outcome: string) =>
  control(shop, 'STRIPE_SANDBOX_URL', 'POST', `disputes/${disputeId}/decide`, { outcome });

export const recorded = (shop: Shop, orderId: string, ...events: string[]): Promise<true> =>
  eventually(`${orderId} has the events ${events.join(', ')}`, async () => {
    const seen = await eventsOf(shop, orderId);
    return events.every((event) => seen.includes(event)) ? true : undefined;
  });

/** Waits until the provider has the dispute in this status. */
export const isAtProvider = (shop: Shop, orderId: string, status: string): Promise<SeenDispute> =>
  eventually(`a dispute of ${orderId} is ${status}`, async () =>
    (await providerView(shop, orderId)).disputes.find((one) => one.status === status),
  );

/** Waits until the order's accounts are these, in minor units. */
export const booked = (shop: Shop, orderId: string, accounts: Record<string, number>) =>
  eventually(`${orderId} has the accounts ${JSON.stringify(accounts)}`, async () =>
    Bun.deepEquals(await accountsOf(shop, orderId), accounts) ? true : undefined,
  );

export interface ListedDispute {
  id: string;
  orderId: string;
  state: string;
  isInquiry: boolean;
  amount: number;
  dueAt?: string;
  evidence: Record<string, string>;
  createdAt: string;
}

/** Every dispute of a list of Order Recovery, page by page. */
export const listed = async (shop: Shop, query = '', limit = 100): Promise<ListedDispute[]> => {
  const items: ListedDispute[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const path: string = `disputes?limit=${limit}${query}${after}`;
    const { body } = await asOperator<{ items: ListedDispute[]; nextCursor: string | null }>(
      shop,
      'GET',
      path,
    );
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
};

/** Waits until Order Recovery lists the dispute in this state. */
export const isListed = (shop: Shop, disputeId: string, state: string): Promise<ListedDispute> =>
  eventually(`${disputeId} is listed as ${state}`, async () =>
    (await listed(shop, `&state=${state}`)).find(({ id }) => id === disputeId),
  );
