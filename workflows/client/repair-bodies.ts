// Schemas of the fields that each repair action takes besides its order.
import { z } from 'zod';
import { addressShape } from '../../domain/address.ts';
import type { RepairAction } from '../../domain/attention.ts';

const NOTE_LENGTH_MAX = 500;
/** The operator's reason, for the audit. */
const note = z.string().trim().max(NOTE_LENGTH_MAX).default('');

export const actionBodies = {
  retry: z.strictObject({ note }),
  skip: z.strictObject({ note }),
  cancel: z.strictObject({ note }),
  refund: z.strictObject({ note, amount: z.number().positive().optional() }),
  readdress: z.strictObject({ note, address: addressShape }),
  resolve: z.strictObject({ note, ending: z.enum(['delivered', 'lost', 'returned_to_sender']) }),
} as const satisfies Record<RepairAction, z.ZodType>;
export type ActionBody<A extends RepairAction> = z.output<(typeof actionBodies)[A]>;
