// The numbers of the advisory locks that guard a single thing; locks of one row among many use a
// hash of its name.

export const LOCKS = {
  /** One migration at a time. */
  migration: 7_214_001,
  /** One announcer of stock at a time, so that no change is announced twice. */
  announcer: 7_214_002,
  /** One rebuild of Redis at a time. */
  rebuild: 7_214_003,
  /** Shared by every writer of the ledger, as in the function `inventory.share_epoch`. */
  epoch: 7_214_004,
} as const;
