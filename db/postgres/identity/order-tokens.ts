// Revocations of orders' access tokens: which generation of an order's token is valid.
import { asc, gt, lt, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import { newId } from '../../../domain/ids.ts';
import type { Pg } from '../client.ts';
import { orderTokens } from '../schema/identity.ts';

/** Every gateway keeps all of them; so many hold some 20 MB. */
const REVOKED_MAX = 200_000;
/** A little longer than a token is valid, after which its revocation means nothing. */
const KEPT_MS = 366 * 24 * 60 * 60_000;
/** Channel on which gateways learn of revocations. */
export const ORDER_TOKENS_CHANNEL = 'identity_order_tokens';

export interface Revoked {
  orderId: string;
  generation: number;
}

/** Ends an order's valid token; returns the generation of the next one. */
export const revokeOrderToken = (pg: Pg, orderId: string, revokedBy: string): Promise<Revoked> =>
  pg.transaction('identity.revokeOrderToken', async (tx) => {
    if ((await tx.$count(orderTokens)) >= REVOKED_MAX) {
      throw new DomainError('ILLEGAL_TRANSITION', 'too many tokens are revoked already');
    }
    const next = sql`${orderTokens.generation} + 1`;
    const [row] = await tx
      .insert(orderTokens)
      .values({ orderId, generation: 1, revokedBy })
      .onConflictDoUpdate({
        target: orderTokens.orderId,
        set: { generation: next, revokedBy, revokedAt: sql`now()` },
      })
      .returning({ orderId: orderTokens.orderId, generation: orderTokens.generation });
    if (!row) throw new Error('a revocation was not inserted');
    await tx.execute(sql`select pg_notify(${ORDER_TOKENS_CHANNEL}, '')`);
    return row;
  });

/** Revocations of orders after this one, by order id. */
export const listRevokedTokens = (pg: Pg, after: string, limit: number): Promise<Revoked[]> =>
  pg.query('identity.listRevokedTokens', (db) =>
    db
      .select({ orderId: orderTokens.orderId, generation: orderTokens.generation })
      .from(orderTokens)
      .where(gt(orderTokens.orderId, after))
      .orderBy(asc(orderTokens.orderId))
      .limit(limit),
  );

/** Revocations within the last seconds, which a notification announces. */
export const listRecentlyRevoked = (pg: Pg, seconds: number): Promise<Revoked[]> =>
  pg.query('identity.listRecentlyRevoked', (db) =>
    db
      .select({ orderId: orderTokens.orderId, generation: orderTokens.generation })
      .from(orderTokens)
      .where(gt(orderTokens.revokedAt, sql`now() - make_interval(secs => ${seconds})`))
      .limit(REVOKED_MAX),
  );

/** Deletes revocations of orders that no token opens any more. */
export const removeOldRevocations = (pg: Pg): Promise<void> =>
  pg.query('identity.removeOldRevocations', async (db) => {
    const oldest = newId('order', Date.now() - KEPT_MS);
    await db.delete(orderTokens).where(lt(orderTokens.orderId, oldest));
  });
