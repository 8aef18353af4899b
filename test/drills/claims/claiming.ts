// Makes the claims of an order after its delivery: the shopper's, an operator's and the bank's.
import { asShopper } from '../../support/journeys.ts';
import { asOperator, control, providerView } from '../../support/judges.ts';
import type { Shop } from '../../support/shop.ts';
import { persistently } from '../at-rest.ts';
import { claimsOf, type Claim } from './claims.ts';
import type { Placed } from '../shoppers.ts';

type Of<What extends Claim['what']> = Extract<Claim, { what: What }>;

const answered = (what: string, call: () => Promise<{ status: number }>) =>
  persistently(what, async () => {
    const { status } = await call();
    return status < 500 ? status : undefined;
  });

/** Requests a return; a refusal is a result, too. */
export const sendBack = async (
  shop: Shop,
  it: Pick<Placed, 'id' | 'sku' | 'accessToken'>,
  quantity: number,
): Promise<void> => {
  const some = { lines: [{ sku: it.sku, quantity }], reason: 'more than needed' };
  await answered(it.id, () => asShopper(shop, it, 'POST', '/returns', some));
};

const statesOf = async ({ sql }: Shop, table: 'returns' | 'disputes' | 'refunds', id: string) => {
  const rows = await sql`select state from orders.${sql(table)} where order_id = ${id}`;
  return rows.map(({ state }) => String(state));
};

/** Waits until as many rows as expected are in one of these states, and no other is. */
const untilAll = (
  shop: Shop,
  { id }: Placed,
  table: 'returns' | 'disputes' | 'refunds',
  states: readonly string[],
  atLeast = 0,
): Promise<unknown> =>
  persistently(`the ${table} of ${id} are ${states.join(' or ')}`, async () => {
    const found = await statesOf(shop, table, id);
    return found.length >= atLeast && found.every((one) => states.includes(one)) ? true : undefined;
  });

const SETTLED = ['succeeded', 'failed'];
const DECIDED = ['won', 'lost', 'closed'];
const ENDED = ['refunded', 'rejected', 'expired'];

const nameOf = ({ id }: Placed, at: number): string => `${id}/claim/${at}`;

/** Grants goodwill under a key of its own; waits until it is known to be granted or refused. */
const grant = async (
  shop: Shop,
  it: Placed,
  amountMinor: number | undefined,
  at: number,
): Promise<void> => {
  const key = nameOf(it, at);
  const body = { note: 'goodwill', ...(amountMinor && { amount: amountMinor / 100 }) };
  const before = (await statesOf(shop, 'refunds', it.id)).length;
  const { answer: status } = await answered(key, () =>
    asOperator(shop, 'POST', `orders/${it.id}/refund`, body, key),
  );
  if (status === 200) await untilAll(shop, it, 'refunds', [...SETTLED, 'requested'], before + 1);
};

/** The bank disputes what is left, or a part of it. */
const dispute = async (shop: Shop, { id }: Placed, amount?: number): Promise<string> => {
  const { paid } = await providerView(shop, id);
  const body = { charge: paid[0]?.id, ...(amount && { amount }) };
  const answer = await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'disputes', body);
  if (answer.status !== 200) throw new Error(`${id} is not disputed: ${JSON.stringify(answer)}`);
  return String(answer.body['id']);
};

const untilAnswered = (shop: Shop, { id }: Placed, disputeId: string): Promise<unknown> =>
  persistently(`${disputeId} is answered`, async () => {
    const { disputes } = await providerView(shop, id);
    const found = disputes.find((one) => one.id === disputeId);
    return found?.status === 'under_review' ? true : undefined;
  });

const decide = async (shop: Shop, disputeId: string, outcome: 'won' | 'lost'): Promise<void> => {
  const path = `disputes/${disputeId}/decide`;
  const { status } = await control(shop, 'STRIPE_SANDBOX_URL', 'POST', path, { outcome });
  if (status !== 200) throw new Error(`${disputeId} cannot be ${outcome}`);
};

const disputed = async (
  shop: Shop,
  it: Placed,
  { amountMinor, verdict, isEarly }: Omit<Of<'dispute'>, 'what'>,
): Promise<void> => {
  const before = (await statesOf(shop, 'disputes', it.id)).length;
  const disputeId = await dispute(shop, it, amountMinor);
  if (!isEarly) await untilAnswered(shop, it, disputeId);
  await decide(shop, disputeId, verdict);
  await untilAll(shop, it, 'disputes', DECIDED, before + 1);
};

/** The provider is away for this refund alone, until the bank has taken the money. */
const overtaken = async (
  shop: Shop,
  it: Placed,
  { amountMinor, verdict }: Of<'overtaken'>,
  at: number,
): Promise<void> => {
  const away = { method: 'POST', path: '/v1/refunds', action: 'status:503', times: 100_000 };
  await control(shop, 'STRIPE_SANDBOX_URL', 'POST', 'faults', { ...away, containing: it.id });
  await grant(shop, it, amountMinor, at);
  const disputeId = await dispute(shop, it);
  await untilAnswered(shop, it, disputeId);
  await control(shop, 'STRIPE_SANDBOX_URL', 'DELETE', `faults?containing=${it.id}`);
  await untilAll(shop, it, 'refunds', ['failed'], 1);
  await decide(shop, disputeId, verdict);
  await untilAll(shop, it, 'disputes', DECIDED, 1);
};

/** Makes the order's claims one after another; a return that a person inspects stays open. */
export const claimAll = async (shop: Shop, it: Placed): Promise<void> => {
  const claims = claimsOf(it);
  const isInspected = claims.some(({ what }) => what === 'inspection');
  for (const [at, claim] of claims.entries()) {
    if (claim.what === 'refund') {
      await grant(shop, it, claim.amountMinor, at);
      await untilAll(shop, it, 'refunds', SETTLED);
    }
    if (claim.what === 'return') {
      await sendBack(shop, it, claim.quantity);
      if (!isInspected) await untilAll(shop, it, 'returns', ENDED);
    }
    if (claim.what === 'dispute') await disputed(shop, it, claim);
    if (claim.what === 'overtaken') await overtaken(shop, it, claim, at);
  }
};
