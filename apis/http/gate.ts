// What stands before every route of a public API: what a call costs, and whether it may pass.
import type { Principal } from './principals.ts';

/** What a call is to the limits; the dearer ones have fewer a second and less room at once. */
export const CALL_KINDS = [
  'free',
  'read',
  'write',
  'checkout',
  'cart',
  'sign-in',
  'webhook',
  'upload',
  'follow',
] as const;
export type CallKind = (typeof CALL_KINDS)[number];

export interface Call {
  kind: CallKind;
  request: Request;
  /** The client's network address; empty behind the gateway. */
  address: string;
  /** Set on the response, whatever it is. */
  headers: Headers;
  authenticate(): Promise<Principal>;
}

/** Takes what a further piece of work inside a call costs. RATE_LIMITED. */
export type Charge = (kind: CallKind) => Promise<void>;

/** A call that was let in. */
export interface Pass {
  principal: Principal;
  charge: Charge;
}

/**
 * Ends a call with its response, undefined for a failure. A stream ends when it is read or left:
 * it is answered as another response.
 */
export type Leave = (response: Response | undefined) => Response | undefined;

/** Lets a call in or throws: RATE_LIMITED, OVERLOADED, and what authenticating throws. */
export type Gate = (call: Call) => Promise<{ pass: Pass; leave: Leave }>;

/** Passes every call of a service behind the gateway, which has counted it already. */
export const openGate: Gate = async (call) => ({
  pass: { principal: await call.authenticate(), charge: async () => undefined },
  leave: (response) => response,
});
