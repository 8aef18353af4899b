// Stores responses under an Idempotency-Key in the transaction of the change they report.
import { and, eq, sql } from 'drizzle-orm';
import { DomainError } from '../../../domain/errors.ts';
import type { StoreId } from '../../../domain/ids.ts';
import type { Pg, Tx } from '../client.ts';
import { answers } from '../schema/products.ts';

const KEPT_DAYS = 7;
const DELETED_PER_CALL_MAX = 20;

export interface KeptAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
}

export interface AnswerKey {
  storeId: StoreId;
  key: string;
  bodyHash: string;
  /** Timeout of the work, where it is more than a statement or two. */
  limitMs?: number | undefined;
}

const forgetOld = (tx: Tx) =>
  tx.execute(sql`
    delete from products.answers where ctid in (
      select ctid from products.answers
      where created_at < now() - make_interval(days => ${KEPT_DAYS})
      limit ${DELETED_PER_CALL_MAX})`);

/**
 * Runs `work` once per key and stores its response in the same transaction, to repeat it for the
 * same body. Refusals are not stored. Throws IDEMPOTENCY_KEY_REUSED for another body,
 * IDEMPOTENCY_KEY_IN_FLIGHT while the first call runs.
 */
export const answeredOnce = (
  pg: Pg,
  name: string,
  { storeId, key, bodyHash, limitMs }: AnswerKey,
  work: (tx: Tx) => Promise<KeptAnswer>,
): Promise<KeptAnswer> =>
  pg.as(storeId).transaction(
    name,
    async (tx) => {
      const lock = `answers/${storeId}/${key}`;
      const [held] = await tx.execute<{ held: boolean }>(
        sql`select pg_try_advisory_xact_lock(hashtextextended(${lock}, 0)) as held`,
      );
      if (!held?.held) {
        throw new DomainError('IDEMPOTENCY_KEY_IN_FLIGHT', 'a request with this key is running');
      }
      const [kept] = await tx
        .select()
        .from(answers)
        .where(and(eq(answers.storeId, storeId), eq(answers.key, key)));
      if (kept && kept.bodyHash !== bodyHash) {
        throw new DomainError('IDEMPOTENCY_KEY_REUSED', 'this key was used with another body');
      }
      if (kept) {
        return { status: kept.status ?? 200, body: kept.body ?? '', headers: kept.headers ?? {} };
      }
      const answer = await work(tx);
      await tx.insert(answers).values({ storeId, key, bodyHash, ...answer });
      await forgetOld(tx);
      return answer;
    },
    limitMs,
  );
