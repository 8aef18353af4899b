// Runs a POST once per Idempotency-Key: the same key and body get the same response.
import { createHash } from 'node:crypto';
import { answeredOnce, type KeptAnswer } from '../../db/postgres/catalogue/answers.ts';
import type { Pg, Tx } from '../../db/postgres/client.ts';
import { checkedKey } from '../http/idempotency-keys.ts';
import type { Reply, RouteInput } from '../http/routes.ts';
import { IDEMPOTENCY_KEY_HEADER } from '../../domain/headers.ts';

const keyOf = (request: Request): string | undefined => {
  const key = request.headers.get(IDEMPOTENCY_KEY_HEADER);
  return key === null ? undefined : checkedKey(key);
};

/** A stored reply: its body is serialised. */
const kept = <T>({ status, headers, body }: Reply<T>): KeptAnswer => ({
  status,
  headers,
  body: JSON.stringify(body),
});

/** Does `work` in one transaction, once a key when the caller sent one; limits in ms. */
export const keyed = async <T>(
  pg: Pg,
  name: string,
  { request, principal, body }: Pick<RouteInput, 'request' | 'principal' | 'body'>,
  work: (tx: Tx) => Promise<Reply<T>>,
  limitMs?: number,
): Promise<Reply<T>> => {
  const key = keyOf(request);
  const { storeId } = principal;
  if (key === undefined) return pg.as(storeId).transaction(name, work, limitMs);
  const requested = `${request.method} ${new URL(request.url).pathname}\n${JSON.stringify(body)}`;
  const bodyHash = createHash('sha256').update(requested).digest('hex');
  const keep = async (tx: Tx): Promise<KeptAnswer> => kept(await work(tx));
  const answer = await answeredOnce(pg, name, { storeId, key, bodyHash, limitMs }, keep);
  const { status, headers, body: text } = answer;
  // The stored text was serialised from this type, so it is sent as it is.
  return { status, headers, text, body: JSON.parse(text) as T };
};
