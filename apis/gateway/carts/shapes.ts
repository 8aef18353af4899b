// Shapes of carts in requests and responses, the same for HTTP and GraphQL.
import { z } from 'zod';
import { CART_FINDINGS } from '../../../domain/carts/findings.ts';
import { LINES_MAX, ORDER_STATUSES, QUANTITY_MAX } from '../../../domain/order.ts';
import { NAME_LENGTH_MAX } from '../../../domain/product.ts';
import { currencyText, idText, moment, skuText, words } from '../../http/openapi/texts.ts';
import { orderBody } from '../shapes.ts';

const CART_ID_LENGTH_MAX = 60;
const quantity = z.number().int().min(1).max(QUANTITY_MAX);

export const skuShape = z.strictObject({ sku: skuText });
export const lineBody = z.strictObject({ sku: skuText, quantity });
export const quantityBody = z.strictObject({ quantity });
export const cartId = z.string().min(1).max(CART_ID_LENGTH_MAX);
export const mergeBody = z.strictObject({ cartId });
export const cartBody = z.strictObject({ lines: z.array(lineBody).max(LINES_MAX).default([]) });
/** Without a total the shopper agrees to the prices that the cart has shown. */
export const checkoutBody = orderBody.omit({ lines: true });

const cartLine = z
  .object({
    sku: skuText,
    quantity: z.number().int(),
    productId: idText('product'),
    name: words(NAME_LENGTH_MAX),
    unitPrice: z.number().describe('The present one.'),
    shownPrice: z.number().optional().describe('The one before, when it has changed.'),
    currency: currencyText,
    available: z.number().int().nullable().describe('How many are left; null when unknown.'),
    findings: z
      .array(z.enum(CART_FINDINGS).meta({ title: 'CartFinding' }))
      .max(CART_FINDINGS.length)
      .describe('What has changed since the line was shown, and what keeps it from being bought.'),
  })
  .meta({ title: 'CartLine' });

const cartCheckout = z
  .object({
    order: z
      .object({ id: idText('order'), status: z.enum(ORDER_STATUSES) })
      .meta({ title: 'CartOrder' })
      .optional(),
    holdUntil: moment.optional().describe("Until when the order's stock is held."),
  })
  .meta({ title: 'CartCheckout' });

/** What a cart looks like. */
export const cartShape = z.object({
  id: idText('cart').optional().describe("A guest's alone: its id is all it takes to use it."),
  lines: z.array(cartLine).max(LINES_MAX),
  total: z.number().nullable().describe('Of what is for sale; null when it cannot be computed.'),
  currency: currencyText.nullable(),
  checkout: cartCheckout
    .optional()
    .describe('Under way: the order that it waits for, once there is one.'),
  bought: z
    .object({ orderId: idText('order') })
    .meta({ title: 'CartBought' })
    .optional()
    .describe('What it bought last.'),
  notTaken: z
    .array(z.object({ sku: skuText, quantity: z.number().int() }).meta({ title: 'CartNotTaken' }))
    .max(LINES_MAX)
    .optional()
    .describe('What did not fit when two carts became one.'),
});
export type CartResponse = z.output<typeof cartShape>;
