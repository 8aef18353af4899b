// Keyed steps to the card provider: the same key again, or read, and only then the next key.
import type { Pg } from '../db/postgres/client.ts';
import { keyGeneration, recordGeneration } from '../db/postgres/payments.ts';
import { isServerFault, type PaymentView } from './providers/stripe.ts';

const GENERATIONS_MAX = 5;

/** `<orderId>/<verb>`, and from the second generation on its number. */
export const keyOf = (orderId: string, verb: string, generation = 1): string =>
  generation === 1 ? `${orderId}/${verb}` : `${orderId}/${verb}/${generation}`;

interface KeyedStep {
  orderId: string;
  verb: string;
  send(key: string): Promise<PaymentView>;
  /** The effect, if it is there already; undefined only when it surely is not. */
  read(): Promise<PaymentView | undefined>;
}

/**
 * Runs one step. A lost answer is asked again under the same key by the activity's own retry;
 * after a 5xx, which the provider saves and repeats, the effect is read, and only its absence
 * allows the next key, recorded before it is sent. https://docs.stripe.com/api/idempotent_requests
 */
export const keyed = async (
  pg: Pg,
  { orderId, verb, send, read }: KeyedStep,
): Promise<PaymentView> => {
  let generation = await keyGeneration(pg, orderId, verb);
  for (;;) {
    try {
      return await send(keyOf(orderId, verb, generation));
    } catch (error) {
      if (!isServerFault(error)) throw error;
      const found = await read();
      if (found) return found;
      if (generation >= GENERATIONS_MAX) throw error;
      generation++;
      await recordGeneration(pg, orderId, verb, generation);
    }
  }
};
