// Texts as doors take and show them, each with its shape and its longest: for schemas.
import { z } from 'zod';
import { ID_PREFIXES, type IdKind } from '../../../domain/ids.ts';
import { SKU_LENGTH_MAX, SKU_PATTERN } from '../../../domain/product.ts';

const ID_LENGTH_MAX = 44;
const MOMENT_LENGTH_MAX = 30;
const CURSOR_LENGTH_MAX = 500;
const CODE_LENGTH_MAX = 60;
const EMAIL_LENGTH_MAX = 200;

/** An id of one kind. */
export const idText = (kind: IdKind) =>
  z
    .string()
    .regex(new RegExp(`^${ID_PREFIXES[kind]}_[0-9a-z]{1,40}$`))
    .max(ID_LENGTH_MAX);

export const skuText = z.string().regex(SKU_PATTERN, 'is not a sku').max(SKU_LENGTH_MAX);

/** RFC 3339, in UTC. */
export const moment = z.iso.datetime().max(MOMENT_LENGTH_MAX);

/** A stable code, in capitals. */
export const codeText = z
  .string()
  .regex(/^[A-Z][A-Z_]*$/)
  .max(CODE_LENGTH_MAX);

export const emailText = z.email().max(EMAIL_LENGTH_MAX);

/** A page's cursor: opaque, signed, good for its list alone. */
export const cursorText = z
  .string()
  .regex(/^[\w-]+$/)
  .max(CURSOR_LENGTH_MAX);

/** Whatever people write; no text here has a NUL, which the description says of all of them. */
export const words = (lengthMax: number) => z.string().max(lengthMax);
