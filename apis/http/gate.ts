// Declares the limits before a public API's routes: a call's cost, and whether it may pass.
import type { Principal } from './principals.ts';

/** A call's kind for the limits; more expensive kinds have lower rates and fewer slots. */
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
  /** Headers set on every response of the call. */
  headers: Headers;
  /**
   * Reads the body, where the route takes one, and resolves to its length; `onBytes` is called for
   * each chunk. BODY_TOO_LARGE, BODY_TOO_SLOW.
   */
  receive?: (onBytes?: (bytes: number) => void) => Promise<number>;
  authenticate(): Promise<Principal>;
}

/** Takes the cost of further work inside a call: its kind's, or `units`. RATE_LIMITED. */
export type Charge = (kind: CallKind, units?: number) => Promise<void>;

/** An admitted call. */
export interface Pass {
  principal: Principal;
  charge: Charge;
}

/**
 * Ends a call with its response, undefined for a failure. A stream ends when it is read or
 * cancelled, so its response is replaced by one that reports the end.
 */
export type Leave = (response: Response | undefined) => Response | undefined;

/** Admits a call or throws: RATE_LIMITED, OVERLOADED, and the errors of bodies and credentials. */
export type Gate = (call: Call) => Promise<{ pass: Pass; leave: Leave }>;

/** Admits every call of a service behind the gateway, which has counted it already. */
export const openGate: Gate = async (call) => {
  await call.receive?.();
  return {
    pass: { principal: await call.authenticate(), charge: async () => undefined },
    leave: (response) => response,
  };
};
