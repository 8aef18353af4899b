// The numbers of the advisory locks that stand for one thing each, so that no two are the same.
// Locks of one row among many take a hash of its name instead.

export const LOCKS = {
  /** One migration at a time. */
  migration: 7_214_001,
  /** One announcer of stock at a time, so that two do not say the same thing. */
  announcer: 7_214_002,
  /** One rebuild of Redis at a time. */
  rebuild: 7_214_003,
  /** Shared by every writer of the ledger, as in the function `inventory.share_epoch`. */
  epoch: 7_214_004,
} as const;
