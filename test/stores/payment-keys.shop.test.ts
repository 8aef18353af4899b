// Tests keys to the card provider in Postgres: when a key is sent again, and when it never is.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import Stripe from 'stripe';
import { keyed } from '../../activities/payment-keys.ts';
import { connectPostgres, type Pg } from '../../db/postgres/client.ts';
import { newId } from '../../domain/ids.ts';
import { createTelemetry } from '../../telemetry/telemetry.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

let shop: Shop;
let pg: Pg;
beforeAll(async () => {
  shop = await openShop();
  const telemetry = createTelemetry('test', 'error');
  pg = connectPostgres({ url: shop.env['POSTGRES_URL'] ?? '', telemetry, connectionsMax: 2 });
}, UP_LIMIT_MS);
afterAll(() => pg.close());

const saved500 = (): Error =>
  new Stripe.errors.StripeAPIError({ type: 'api_error', statusCode: 500, message: 'broken' });

/** A step whose sends fail or succeed in turn, with the key of each send. */
const stepOf = (outcomes: (Error | 'done')[], isThere: () => boolean = () => false) => {
  const sent: string[] = [];
  let reads = 0;
  const orderId = newId('order');
  const step = {
    orderId,
    verb: 'capture',
    send: async (key: string): Promise<string> => {
      sent.push(key);
      const outcome = outcomes.shift() ?? 'done';
      if (outcome !== 'done') throw outcome;
      return 'sent';
    },
    read: async (): Promise<string | undefined> => {
      reads++;
      return isThere() ? 'read' : undefined;
    },
  };
  return { orderId, sent, reads: () => reads, run: () => keyed(pg, step) };
};

/** The failure of a call. */
const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing',
    (error: Error) => error.message,
  );

const age = (orderId: string, hours: number) =>
  shop.sql`update orders.payment_keys set created_at = now() - make_interval(hours => ${hours})
    where order_id = ${orderId}`;

describe('a step at the card provider', () => {
  test('is sent under the same key after a lost response', async () => {
    const { orderId, sent, run } = stepOf([new Error('reset')]);
    expect(await faultOf(run())).toBe('reset');
    expect(await run()).toBe('sent');
    expect(sent).toEqual([`${orderId}/capture`, `${orderId}/capture`]);
  });

  test('is read after a saved 500, and not sent again when its effect is there', async () => {
    const { orderId, sent, reads, run } = stepOf([saved500()], () => true);
    expect(await run()).toBe('read');
    expect([sent, reads()]).toEqual([[`${orderId}/capture`], 1]);
  });

  test('has the next key once a saved 500 had no effect', async () => {
    const { orderId, sent, run } = stepOf([saved500()]);
    expect(await run()).toBe('sent');
    expect(sent).toEqual([`${orderId}/capture`, `${orderId}/capture/2`]);
  });

  test('whose key is 19 hours old is still sent under it', async () => {
    const { orderId, sent, reads, run } = stepOf([new Error('reset')]);
    expect(await faultOf(run())).toBe('reset');
    await age(orderId, 19);
    expect(await run()).toBe('sent');
    expect([sent.at(-1), reads()]).toEqual([`${orderId}/capture`, 0]);
  });

  test('whose key is 21 hours old is decided by a read alone when its effect is there', async () => {
    const { orderId, sent, run } = stepOf([new Error('reset')], () => true);
    expect(await faultOf(run())).toBe('reset');
    await age(orderId, 21);
    expect(await run()).toBe('read');
    expect(sent).toHaveLength(1);
  });

  test('whose key is 21 hours old is never sent under that key again', async () => {
    const { orderId, sent, reads, run } = stepOf([new Error('reset')]);
    expect(await faultOf(run())).toBe('reset');
    await age(orderId, 21);
    expect(await run()).toBe('sent');
    expect([sent, reads()]).toEqual([[`${orderId}/capture`, `${orderId}/capture/2`], 1]);
  });
});
