// Schemas of the fields that each repair action takes besides its order.
import { z } from 'zod';
import { addressShape } from '../../domain/addresses/postal.ts';
import type { RepairAction } from '../../domain/attention.ts';

const NOTE_LENGTH_MAX = 500;
const ATTENTION_ID_LENGTH_MAX = 50;
/** The operator's reason, for the audit. */
const note = z.string().trim().max(NOTE_LENGTH_MAX).default('');

/** Which attention the action is about; absent means the only one. */
const about = { attentionId: z.string().max(ATTENTION_ID_LENGTH_MAX).optional() };

export const actionBodies = {
  retry: z.strictObject({ note, ...about }),
  skip: z.strictObject({ note, ...about }),
  cancel: z.strictObject({ note, ...about }),
  refund: z.strictObject({ note, ...about, amount: z.number().positive().optional() }),
  readdress: z.strictObject({ note, address: addressShape }),
  resolve: z.strictObject({
    note,
    ...about,
    ending: z.enum(['delivered', 'lost', 'returned_to_sender']),
  }),
  intercept: z.strictObject({ note, ...about }),
  let_arrive: z.strictObject({ note, ...about }),
  treat_as_return: z.strictObject({ note, ...about }),
  dismiss: z.strictObject({ note, ...about }),
} as const satisfies Record<RepairAction, z.ZodType>;
export type ActionBody<A extends RepairAction> = z.output<(typeof actionBodies)[A]>;
