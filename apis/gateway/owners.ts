// Whose orders are whose: an account's own, and a guest's with the address that it has confirmed.
import { createHash } from 'node:crypto';
import type { Account, Principal } from '../http/principals.ts';
import { OWNERS_HEADER, STORE_HEADER } from '../../domain/headers.ts';

/** A guest's orders and keys belong to the e-mail; its hash is all that is kept beside them. */
const guestOwner = (email: string): string =>
  `guest/${createHash('sha256').update(email.trim().toLowerCase()).digest('hex')}`;

/** Whose an order becomes, and whose its idempotency key is. */
export const ownerOf = (principal: Principal, email: string): string =>
  principal.kind === 'account' ? `account/${principal.accountId}` : guestOwner(email);

/**
 * Everybody the account is: itself, and whoever bought as a guest with its address. Claiming moves
 * nothing, so it cannot stop half-way; an address that nobody confirmed claims nothing.
 */
export const ownersOf = (account: Account): string[] => [
  `account/${account.accountId}`,
  ...(account.emailVerified ? [guestOwner(account.email)] : []),
];

/** What a call to Orders says of its caller; only accounts are held to what is theirs there. */
export const callHeaders = (principal: Principal) => ({
  headers: {
    [STORE_HEADER]: principal.storeId,
    ...(principal.kind === 'account' && { [OWNERS_HEADER]: ownersOf(principal).join(',') }),
  },
});
