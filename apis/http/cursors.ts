// Seals and opens the opaque cursors of lists; a forged cursor is refused.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { invalid } from '../../domain/errors.ts';

const SIGNATURE_BYTES = 12;
export const LIMIT_MAX = 100;
const LIMIT_DEFAULT = 20;

/** The query of every list: `limit` ≤ 100 and the cursor of the page before. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIMIT_MAX).default(LIMIT_DEFAULT),
  cursor: z.string().max(500).optional(),
});

export interface Cursors {
  /** `of` names the list, so that a cursor of one list is refused by another. */
  seal(of: string, position: string): string;
  /** INVALID_INPUT when the cursor was not sealed here for this list. */
  open(of: string, cursor: string): string;
}

export const createCursors = (secret: string): Cursors => {
  const sign = (text: string): Buffer =>
    createHmac('sha256', secret).update(text).digest().subarray(0, SIGNATURE_BYTES);
  return {
    seal: (of, position) =>
      Buffer.concat([sign(`${of}\n${position}`), Buffer.from(position)]).toString('base64url'),
    open: (of, cursor) => {
      const bytes = Buffer.from(cursor, 'base64url');
      const position = bytes.subarray(SIGNATURE_BYTES).toString();
      const signature = bytes.subarray(0, SIGNATURE_BYTES);
      const expected = sign(`${of}\n${position}`);
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) {
        return position;
      }
      throw invalid('cursor', 'is not one of ours');
    },
  };
};
