// Decides which principals' orders a caller may read: an account's own, and its confirmed guest
// ones.
import { createHash } from 'node:crypto';
import type { Account, Principal } from '../http/principals.ts';
import { OWNERS_HEADER, STORE_HEADER } from '../../domain/headers.ts';

/** A guest's orders and keys belong to the e-mail; only its hash is stored with them. */
const guestOwner = (email: string): string =>
  `guest/${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;

/** The owner of a new order and of its idempotency key. */
export const ownerOf = (principal: Principal, email: string): string =>
  principal.kind === 'account' ? `account/${principal.accountId}` : guestOwner(email);

/**
 * The principals of an account: itself, and the guest of its confirmed address. Claiming guest
 * orders moves no data, so it cannot stop half-way. An unconfirmed address claims nothing.
 */
export const ownersOf = (account: Account): string[] => [
  `account/${account.accountId}`,
  ...(account.emailVerified ? [guestOwner(account.email)] : []),
];

/** The caller's fields in a call to Orders; only accounts are limited to their own orders. */
export const callHeaders = (principal: Principal) => ({
  headers: {
    [STORE_HEADER]: principal.storeId,
    ...(principal.kind === 'account' && { [OWNERS_HEADER]: ownersOf(principal).join(',') }),
  },
});
