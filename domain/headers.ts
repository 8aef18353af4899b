// Names of the HTTP fields that more than one part of the system sends or reads.

/** The store a call is about, between services and for staff of several stores. */
export const STORE_HEADER = 'holdfast-store';
/** The principals on whose behalf the gateway calls Orders. */
export const OWNERS_HEADER = 'holdfast-owners';
/** draft-ietf-httpapi-idempotency-key-header. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
export const REQUEST_ID_HEADER = 'x-request-id';
