// Lets a person inspect a store's returns during a drill, and inspects them as one.
import { JSON_TYPE, request } from '../../support/journeys.ts';
import { asOperator } from '../../support/judges.ts';
import type { Shop } from '../../support/shop.ts';
import { atRest, type Broken } from '../at-rest.ts';
import type { Workload } from '../workload.ts';
import { claimsOf } from './claims.ts';

const RETURN_SETTINGS = '/stores/sto_default/return-settings';

const settings = async ({ env }: Shop, method: 'GET' | 'PUT', body?: object): Promise<object> => {
  const answer = await request(`${env['GATEWAY_URL']}${RETURN_SETTINGS}`, {
    method,
    headers: { ...JSON_TYPE, authorization: `Bearer ${env['OPERATOR_KEY']}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (answer.status !== 200) throw new Error(`${method} ${RETURN_SETTINGS}: ${answer.status}`);
  return answer.body;
};

/** From now on a person inspects what comes back; returns the settings that were before. */
export const inspectReturns = async (shop: Shop): Promise<object> => {
  const before = await settings(shop, 'GET');
  await settings(shop, 'PUT', { ...before, inspects: true });
  return before;
};

export const restoreSettings = (shop: Shop, before: object): Promise<object> =>
  settings(shop, 'PUT', before);

interface ListedReturn {
  id: string;
  orderId: string;
  state: string;
}

/** Returns that Order Recovery lists as received: they wait for a person. */
const receivedReturns = async (shop: Shop): Promise<ListedReturn[]> => {
  const items: ListedReturn[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const after: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
    const path: string = `returns?state=received&limit=100${after}`;
    const { status, body } = await asOperator<{ items: ListedReturn[]; nextCursor: string | null }>(
      shop,
      'GET',
      path,
    );
    if (status !== 200) throw new Error(`the returns are not listed: ${status}`);
    items.push(...body.items);
    cursor = body.nextCursor;
  }
  return items;
};

/** Accepts each of the workload's returns that wait, in whole or in part, or refuses it. */
export const inspectAll = async (shop: Shop, workload: Workload): Promise<void> => {
  const inspections = new Map(
    workload.placed.flatMap((it) => {
      const found = claimsOf(it).find(({ what }) => what === 'inspection');
      return found?.what === 'inspection' ? [[it.id, { it, ...found }] as const] : [];
    }),
  );
  if (inspections.size === 0) return;
  for (const { id, orderId } of await receivedReturns(shop)) {
    const inspection = inspections.get(orderId);
    if (!inspection) continue;
    const { it, accepted } = inspection;
    const note = 'it was worn';
    const lines = [{ sku: it.sku, quantity: accepted }];
    const [verb, body] = accepted === 0 ? ['refuse', { note }] : ['accept', { lines, note }];
    await asOperator(shop, 'POST', `returns/${id}/${verb}`, body, `${id}/inspect`);
  }
};

/** O9, O11: what has come back is listed and waits for a person; nothing of it is granted. */
export const brokenOfInspected = (
  shop: Shop,
  { placed }: Workload,
  restMs: number,
): Promise<Broken> =>
  atRest(async () => {
    const inspected = placed.filter(({ kind }) => kind === 'inspected');
    if (inspected.length === 0) return ['no return was to be inspected'];
    const listed = await receivedReturns(shop);
    const looked = inspected.map(async ({ id }) => {
      const [own] = listed.filter(({ orderId }) => orderId === id);
      if (!own) return [`O9 ${id}: no return of it waits for a person`];
      const granted = await shop.sql`select id from orders.refunds where id = ${own.id}`;
      return granted.length === 0 ? [] : [`O11 ${id}: refunded before it was inspected`];
    });
    return (await Promise.all(looked)).flat();
  }, restMs);
