// Admits each request of the public API: counts its address, reads its body, takes a slot.
import { hasNoCredential, type Principal } from '../../http/principals.ts';
import type { Call, Charge, Gate, Leave, Pass } from '../../http/gate.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { whileStreamed, type ConcurrencyLimits, type ReleaseCall } from './concurrency-limits.ts';
import type { SubjectLimit, BodyLimits } from './in-flight.ts';
import { COSTS, unitsOfBody } from './profiles.ts';
import type { Rates, Subjects } from './rates.ts';

/**
 * The stable subject of a principal's calls: an account, a key, or a credential; none for others.
 */
const principalOf = (principal: Principal, request: Request): string | undefined => {
  if (principal.kind === 'account' || principal.kind === 'staff') return principal.accountId;
  if (principal.kind === 'key') return principal.keyId;
  if (principal.kind === 'operator') return principal.by;
  return request.headers.get('authorization') ?? undefined;
};

const isStream = (response: Response): boolean =>
  response.headers.get('content-type') === 'text/event-stream';

export interface Guards {
  rates: Rates;
  limits: ConcurrencyLimits;
  addresses: SubjectLimit;
  /** A followed timeline lasts for minutes, and has a limit of its own. */
  streams: SubjectLimit;
  /** By store: one store's uploads must not keep those of others waiting. */
  uploads: SubjectLimit;
  bodies: BodyLimits;
}

const entering = ({ addresses, streams }: Guards, { kind, address }: Call): (() => void) =>
  (kind === 'follow' ? streams : addresses).enter(address);

/**
 * Counts the address, then reads the body, then takes a slot: a slow body keeps no other call
 * waiting, and its time is no measure of the work. Resolves to the units that its size costs.
 */
const received = async (
  { rates, bodies }: Guards,
  { kind, headers, receive }: Call,
  from: Subjects,
): Promise<number> => {
  await rates.take(kind, from, headers);
  const units = receive ? unitsOfBody(await bodies.read(receive)) : 0;
  if (units > 0) await rates.take(kind, from, headers, units);
  return units;
};

/** Authenticates a call that has a slot, and counts its principal and its store. */
const passing = async (
  { rates }: Guards,
  { kind, request, headers, authenticate }: Call,
  from: Subjects,
  bodyUnits: number,
): Promise<{ pass: Pass; isPage: () => boolean }> => {
  const principal = await authenticate();
  const { storeId } = principal;
  const who = { storeId, principal: principalOf(principal, request), store: storeId };
  const isAnonymous = from.store !== undefined;
  if (!isAnonymous) await rates.take(kind, who, headers, COSTS[kind] + bodyUnits);
  // A call that buys waits for the decision, so it is no measure of how long a page takes.
  let buys = false;
  const charge: Charge = async (further, units) => {
    buys ||= further !== 'read';
    await rates.take(further, from, headers, units);
    if (!isAnonymous) await rates.take(further, who, headers, units);
  };
  return { pass: { principal, charge }, isPage: () => !buys };
};

/**
 * Counts the address before any lookup, so that a flood of invalid credentials costs the services
 * nothing. The principal and its store are counted once they are known. A call without a credential
 * is counted once.
 */
export const gateOf =
  (guards: Guards): Gate =>
  async (call) => {
    const leaveAddress = entering(guards, call);
    let leaveStore: (() => void) | undefined;
    let releaseSlot: ReleaseCall | undefined;
    const release: ReleaseCall = (isPage) => {
      releaseSlot?.(isPage);
      leaveStore?.();
      leaveAddress();
    };
    try {
      const store = hasNoCredential(call.request) ? { store: DEFAULT_STORE } : {};
      const from = { storeId: DEFAULT_STORE, address: call.address, ...store };
      const bodyUnits = await received(guards, call, from);
      releaseSlot = await guards.limits.acquire(call.kind);
      const { pass, isPage } = await passing(guards, call, from, bodyUnits);
      if (call.kind === 'upload') leaveStore = guards.uploads.enter(pass.principal.storeId);
      const leave: Leave = (response) => {
        if (response && isStream(response)) return whileStreamed(response, release);
        release(response !== undefined && isPage());
        return response;
      };
      return { pass, leave };
    } catch (error) {
      release();
      throw error;
    }
  };
