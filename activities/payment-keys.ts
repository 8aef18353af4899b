// Sends keyed steps to the card provider: the same key again, then a read, and only then a new key.
import type { Pg } from '../db/postgres/client.ts';
import { keyGeneration, recordGeneration } from '../db/postgres/orders/keys.ts';
import { isServerFault, isWrongState } from './providers/stripe-client.ts';

/** Each generation was answered 5xx without an effect; more than this many means an outage. */
const GENERATIONS_MAX = 1_000;
/** Further sends wait for the activity's own retry, which backs off. */
const SENDS_A_TRY_MAX = 2;
/** The provider forgets a key after a day at the earliest: past this age only a read decides. */
const KEY_TRUSTED_MS = 20 * 3_600_000;

/** `<orderId>/<verb>`, followed by the generation's number from the second one on. */
export const keyOf = (orderId: string, verb: string, generation = 1): string =>
  generation === 1 ? `${orderId}/${verb}` : `${orderId}/${verb}/${generation}`;

export interface KeyedStep<View> {
  orderId: string;
  verb: string;
  send(key: string): Promise<View>;
  /** The effect, if it exists; undefined only when it certainly does not. */
  read(): Promise<View | undefined>;
}

/**
 * Runs one step. After a lost response the activity's own retry sends the same key again.
 * The provider saves a 5xx and repeats it, so after a 5xx, and once the key is old, the effect is
 * read. Only its absence allows the next key, which is recorded before it is sent.
 * https://docs.stripe.com/api/idempotent_requests
 */
export const keyed = async <View>(pg: Pg, step: KeyedStep<View>): Promise<View> => {
  const { orderId, verb } = step;
  const known = await keyGeneration(pg, orderId, verb);
  let { generation } = known;
  const next = async (cause: unknown): Promise<void> => {
    if (generation >= GENERATIONS_MAX) throw cause;
    generation++;
    await recordGeneration(pg, orderId, verb, generation);
  };
  if (known.ageMs > KEY_TRUSTED_MS) {
    const found = await step.read();
    if (found) return found;
    await next(new Error(`${verb} has used up its keys`));
  }
  for (let sends = 1; ; sends++) {
    try {
      return await step.send(keyOf(orderId, verb, generation));
    } catch (error) {
      if (!isServerFault(error) && !isWrongState(error)) throw error;
      const found = await step.read();
      if (found) return found;
      if (isWrongState(error)) throw error;
      await next(error);
      if (sends >= SENDS_A_TRY_MAX) throw error;
    }
  }
};
