// What stands before every route of a public door: how much a call costs, and who lets it pass.
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
  /** The client's own, whatever the request says; empty where the door does not know it. */
  address: string;
  /** Set on whatever the call is answered with. */
  headers: Headers;
  authenticate(): Promise<Principal>;
}

/** Takes what a further piece of work inside a call costs. RATE_LIMITED. */
export type Charge = (kind: CallKind) => Promise<void>;

/** Lets a call pass or throws: RATE_LIMITED, OVERLOADED, and what authenticating throws. */
export type Gate = (
  call: Call,
  answer: (principal: Principal, charge: Charge) => Promise<Response>,
) => Promise<Response>;

/** The gate of a door behind the door: only ours call it, and they have been counted. */
export const openGate: Gate = async (call, answer) =>
  answer(await call.authenticate(), async () => undefined);
