// Lists the card provider's payments and disputes for reconciliation, a hundred a call.
import Stripe from 'stripe';
import { mapBounded } from '../../concurrency/chunks.ts';
import { minorOf } from './stripe-amounts.ts';
import { idOf } from './stripe-refunds-and-disputes.ts';
import { LIST_MAX, type StripeConnection } from './stripe-client.ts';
import { stageOf, type Stage } from './stripe.ts';

const READ_AT_ONCE = 8;
/** A charge has the sum of its refunds (docs.stripe.com/api/charges/object). */
const CHARGE = 'latest_charge';

/** The fields of an intent that reconciliation compares. */
export interface PaymentRecord {
  id: string;
  orderId: string | undefined;
  stage: Stage;
  capturedMinor: number;
  refundedMinor: number;
}

/** A dispute or an inquiry, and the intent whose payment it is about. */
export interface DisputeRecord {
  id: string;
  intentId: string;
}

/** A range of time in whole seconds since 1970, its end excluded. */
export interface TimeRange {
  fromSeconds: number;
  toSeconds: number;
}

export interface ProviderLedger {
  /** Intents made in a range, a page at a time. */
  made(range: TimeRange): AsyncIterable<PaymentRecord[]>;
  /** Ids of intents with a refund in a range, a page at a time. */
  refunded(range: TimeRange): AsyncIterable<string[]>;
  /** Disputes made in a range, a page at a time. */
  disputed(range: TimeRange): AsyncIterable<DisputeRecord[]>;
  /** The intents of these ids that the provider knows. */
  read(ids: string[]): Promise<PaymentRecord[]>;
}

const refundedOf = ({ latest_charge: charge }: Stripe.PaymentIntent): number =>
  typeof charge === 'object' ? (charge?.amount_refunded ?? 0) : 0;

const recordOf = (intent: Stripe.PaymentIntent): PaymentRecord => ({
  id: intent.id,
  orderId: intent.metadata['orderId'],
  stage: stageOf(intent),
  capturedMinor: minorOf(intent.amount_received, intent.currency),
  refundedMinor: minorOf(refundedOf(intent), intent.currency),
});

interface Page<T> {
  data: T[];
  has_more: boolean;
}

async function* pages<T extends { id: string }>(
  read: (after: { starting_after?: string }) => Promise<Page<T>>,
): AsyncGenerator<T[]> {
  let page = await read({});
  yield page.data;
  for (let last = page.data.at(-1); page.has_more && last; last = page.data.at(-1)) {
    page = await read({ starting_after: last.id });
    yield page.data;
  }
}

async function* mapped<T, R>(from: AsyncIterable<T[]>, of: (one: T) => R): AsyncGenerator<R[]> {
  for await (const page of from) yield page.map(of);
}

const createdIn = ({ fromSeconds, toSeconds }: TimeRange) => ({
  limit: LIST_MAX,
  created: { gte: fromSeconds, lt: toSeconds },
});

const isMissing = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'resource_missing';

export const stripeLedger = ({ stripe, call }: StripeConnection): ProviderLedger => {
  const { paymentIntents: intents, refunds, disputes } = stripe;
  const readOne = (id: string): Promise<PaymentRecord | undefined> =>
    call('readRecord', () =>
      intents.retrieve(id, { expand: [CHARGE] }).then(recordOf, (error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    );
  return {
    made: (range) => {
      const input = { ...createdIn(range), expand: [`data.${CHARGE}`] };
      const list = pages((after) => call('listMade', () => intents.list({ ...input, ...after })));
      return mapped(list, recordOf);
    },
    refunded: (range) => {
      const input = createdIn(range);
      const list = pages((after) =>
        call('listRefunded', () => refunds.list({ ...input, ...after })),
      );
      return mapped(list, ({ payment_intent }) => idOf(payment_intent));
    },
    disputed: (range) => {
      const input = createdIn(range);
      const list = pages((after) =>
        call('listDisputed', () => disputes.list({ ...input, ...after })),
      );
      return mapped(list, ({ id, payment_intent }) => ({ id, intentId: idOf(payment_intent) }));
    },
    read: async (ids) => {
      const records = await mapBounded(ids, READ_AT_ONCE, readOne);
      return records.filter((one) => one !== undefined);
    },
  };
};
