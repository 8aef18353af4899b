// Limits of what clients add to the history of an order's workflow, which Temporal ends when it is
// too long.

/** Looks at a payment are this far apart at least; every ten looks of an order double it. */
const LOOK_INTERVAL_MS = 3_000;
const LOOKS_AN_INTERVAL = 10;

/** A look that is unanswered for longer was never sent: its sender has died. */
export const LOOK_LOST_MS = 60_000;

/** The least time in ms from an order's newest look to the next; `looks` counts those so far. */
export const lookIntervalMs = (looks: number): number =>
  LOOK_INTERVAL_MS * 2 ** Math.floor(looks / LOOKS_AN_INTERVAL);

/** Cards that an order tries, the checkout's own among them. */
export const CARDS_MAX = 10;
/** Changes of an order's address. */
export const ADDRESS_CHANGES_MAX = 20;
