// The names of HTTP headers that several services send or read.

/** The store of a call between services, or of staff of several stores. */
export const STORE_HEADER = 'holdfast-store';
/** The principals for whom the gateway calls Orders. */
export const OWNERS_HEADER = 'holdfast-owners';
/** Source: draft-ietf-httpapi-idempotency-key-header. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key';
export const REQUEST_ID_HEADER = 'x-request-id';
/** The service token of a page of ours that calls the gateway for a shopper. */
export const SERVICE_TOKEN_HEADER = 'holdfast-service-token';
/** The network address of that shopper, which then counts for the limits. */
export const SHOPPER_ADDRESS_HEADER = 'holdfast-shopper-address';
