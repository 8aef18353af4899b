// Accounts as shoppers send and see them over HTTP.
import { z } from 'zod';
import type { AccountFound, SessionRow } from '../../../db/postgres/identity/accounts.ts';
import { cartId } from '../carts/shapes.ts';
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './auth.ts';

const NAME_LENGTH_MAX = 100;
const EMAIL_LENGTH_MAX = 200;
const TOKEN_LENGTH_MAX = 1_000;

export const email = z.string().trim().toLowerCase().max(EMAIL_LENGTH_MAX).pipe(z.email());
const newPassword = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);
/** One that exists: its length is nobody's business. */
const password = z.string().min(1).max(PASSWORD_LENGTH_MAX);
const token = z.string().min(1).max(TOKEN_LENGTH_MAX);
/** One line, that cannot pretend to be several headers or a link. */
const name = z
  .string()
  .trim()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .refine((text) => !/[\p{Cc}<>]/u.test(text), 'has characters that no name has');

export const signUpBody = z.strictObject({ name, email, password: newPassword });
export const signInBody = z.strictObject({
  email,
  password,
  rememberMe: z.boolean().default(true),
  /** What was gathered as a guest becomes part of one's own cart. */
  cartId: cartId.optional(),
});
export const emailBody = z.strictObject({ email });
export const tokenShape = z.strictObject({ token });
export const resetBody = z.strictObject({ token, newPassword });
export const changeBody = z.strictObject({ currentPassword: password, newPassword });
export const deleteBody = z.strictObject({ password });
export const sessionBody = z.strictObject({ id: z.string().max(60) });

export const shownAccount = ({
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

export const shownSession = (row: SessionRow, currentId: string) => ({
  id: row.id,
  createdAt: row.createdAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
  ...(row.userAgent && { userAgent: row.userAgent }),
  current: row.id === currentId,
});
