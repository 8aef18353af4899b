// The durations of the tests' instance: short ones, so that no test needs time travel.

/** Settings in milliseconds, as inputs of its processes. */
export const PACE = {
  HOLDFAST_CARRIER_SHIP_MS: '300',
  HOLDFAST_CARRIER_DELIVER_MS: '900',
  HOLDFAST_CARRIER_POLL_MS: '2000',
  HOLDFAST_DISPUTE_LOOK_MS: '200',
  HOLDFAST_VOID_PATIENCE_MS: '1500',
  HOLDFAST_SWEEP_EVERY_MS: '1000',
  HOLDFAST_SWEEP_AFTER_MS: '1000',
  HOLDFAST_RECONCILE_EVERY_MS: '3000',
  HOLDFAST_RECONCILE_AFTER_MS: '1000',
  HOLDFAST_LOG_LEVEL: 'info',
};
