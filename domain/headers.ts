// The names of HTTP headers that several services send or read.

/** The store of a call between services, or of staff of several stores. */
export const STORE_HEADER = 'holdfast-store';
/** The principals for whom the gateway calls Orders. */
export const OWNERS_HEADER = 'holdfast-owners';
/** Source: draft-ietf-httpapi-idempotency-key-header. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
export const REQUEST_ID_HEADER = 'x-request-id';
