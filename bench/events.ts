// Makes product events of one shape, deterministic by number, as input for both sides.
import { create, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import { DEFAULT_STORE } from '../domain/ids.ts';
import { ProductChangedSchema } from '../proto/gen/holdfast/events/v1/events_pb.ts';

const WORDS = 'alpine trail summit harbour ridge storm drift ember fjord glacier'.split(' ');
const wordOf = (at: number, salt: number): string => WORDS[(at * 7 + salt) % WORDS.length] ?? '';

export interface BenchEvent {
  key: string;
  value: Uint8Array;
  event: MessageInitShape<typeof ProductChangedSchema> & { storeId: string; productId: string };
}

/** An event of its own product, with the current time as its clock. */
export const benchEvent = (at: number): BenchEvent => {
  const productId = `prd_bench${String(at).padStart(21, '0')}`;
  const nowUs = BigInt(Date.now()) * 1_000n;
  const event = {
    storeId: DEFAULT_STORE,
    productId,
    version: 1n,
    clockUs: nowUs,
    deleted: false,
    product: {
      slug: productId.slice(4),
      name: `Bench ${wordOf(at, 1)} ${wordOf(at, 3)} ${wordOf(at, 6)}`,
      description: `The ${wordOf(at, 2)} one, made for ${wordOf(at, 5)} and long days.`,
      status: 'published',
      attributes: { brand: wordOf(at, 4), type: wordOf(at, 8) },
      createdAtUs: nowUs,
      updatedAtUs: nowUs,
      variants: [{ sku: `BENCH-${at}`, priceMinor: BigInt(1_000 + (at % 9_000)), currency: 'USD' }],
    },
  };
  const value = toBinary(ProductChangedSchema, create(ProductChangedSchema, event));
  return { key: `${DEFAULT_STORE}/${productId}`, value, event };
};
