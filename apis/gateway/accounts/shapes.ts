// Schemas of the requests and responses of accounts.
import { z } from 'zod';
import {
  SESSIONS_MAX,
  type AccountFound,
  type SessionRow,
} from '../../../db/postgres/identity/accounts.ts';
import { STAFF_MAX } from '../../../db/postgres/identity/staff.ts';
import { accountEmail, emailText } from '../../../domain/addresses/email.ts';
import { idText, moment, words } from '../../http/openapi/texts.ts';
import { STAFF_ROLES } from '../../../domain/permissions.ts';
import { cartId } from '../carts/shapes.ts';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './auth.ts';

const NAME_LENGTH_MAX = 100;
const TOKEN_LENGTH_MAX = 1_000;
export const USER_AGENT_LENGTH_MAX = 200;

const sessionToken = z
  .string()
  .regex(/^hfs_[\w-]+\.[\w-]+$/)
  .max(200);

const newPassword = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);
/** The length of an existing password is not revealed. */
const password = z.string().min(1).max(PASSWORD_LENGTH_MAX);
const token = z.string().min(1).max(TOKEN_LENGTH_MAX);
/** One line without control characters or angle brackets: no header injection and no markup. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .refine((text) => !/[\p{Cc}<>]/u.test(text), 'has characters that no name has');

export const signUpBody = z.strictObject({ name, email: accountEmail, password: newPassword });
export const signInBody = z.strictObject({
  email: accountEmail,
  password,
  rememberMe: z.boolean().default(true),
  /** The guest's cart whose lines are merged into the account's cart at sign-in. */
  cartId: cartId.optional(),
});
export const emailBody = z.strictObject({ email: accountEmail });
/** A mail's link has the token; one without it shows a page that asks for it. */
export const tokenQuery = z.strictObject({ token: token.optional() });
export const confirmBody = z.strictObject({ token, password: password.optional() });
export type Confirmation = z.output<typeof confirmBody>;
export const resetBody = z.strictObject({ token, newPassword });
export const changeBody = z.strictObject({ currentPassword: password, newPassword });
export const deleteBody = z.strictObject({ password });
export const addressChangeBody = z.strictObject({ newEmail: accountEmail, password });
export const sessionBody = z.strictObject({ id: z.string().max(60) });

/** The response's state: a mail is on its way, or the change is done. */
export const mailSentResponse = z.object({ status: z.literal('mail_sent') });
export const doneResponse = z.object({ status: z.literal(true) });
export const MAIL_SENT = { status: 'mail_sent' } as const;
export const DONE = { status: true } as const;
export const signedOutResponse = z.object({ success: z.literal(true) });

export const accountResponse = z.object({
  id: idText('account'),
  name: words(NAME_LENGTH_MAX),
  email: emailText,
  emailVerified: z.boolean(),
});
export const meResponse = accountResponse.extend({
  staff: z
    .array(z.object({ storeId: idText('store'), role: z.enum(STAFF_ROLES) }))
    .max(STAFF_MAX)
    .optional()
    .describe('The stores that the account works for, with its role.'),
});
export const signedInResponse = z.object({
  token: sessionToken,
  user: accountResponse,
  cartMerged: z.boolean().optional().describe('Present when the request names a cart.'),
});
export const sessionResponse = z.object({
  id: idText('session'),
  createdAt: moment,
  expiresAt: moment,
  userAgent: words(USER_AGENT_LENGTH_MAX).optional(),
  current: z.boolean(),
});
export const sessionsResponse = z.object({ items: z.array(sessionResponse).max(SESSIONS_MAX) });

export const toAccountResponse = ({
  id,
  name: called,
  email: address,
  emailVerified,
}: AccountFound) => ({
  id,
  name: called,
  email: address,
  emailVerified,
});

export const toSessionResponse = (row: SessionRow, currentId: string) => ({
  id: row.id,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  ...(row.userAgent && { userAgent: row.userAgent }),
  current: row.id === currentId,
});
