// Schemas of the texts in requests and responses, each with its pattern and its greatest length.
import { z } from 'zod';
import { ID_PREFIXES, type IdKind } from '../../../domain/ids.ts';
import { CURRENCIES } from '../../../domain/money.ts';
import { SKU_LENGTH_MAX, SKU_PATTERN } from '../../../domain/product.ts';

const ID_LENGTH_MAX = 44;
const MOMENT_LENGTH_MAX = 30;
const CURSOR_LENGTH_MAX = 500;
const CODE_LENGTH_MAX = 60;

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

/** ISO 4217's code; descriptions state the list once, under this name. */
export const currencyText = z.enum(CURRENCIES).meta({ id: 'Currency' });

/** A page's cursor: opaque, signed, valid for its list alone. */
export const cursorText = z
  .string()
  .regex(/^[\w-]+$/)
  .max(CURSOR_LENGTH_MAX);

/** Free text. No text has a NUL, which the description says of all of them. */
export const words = (lengthMax: number) => z.string().max(lengthMax);
