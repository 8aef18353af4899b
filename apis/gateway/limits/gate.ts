// Admits each request of the public API: takes a slot, counts the address, authenticates, counts.
import { hasNoCredential, type Principal } from '../../http/principals.ts';
import type { Charge, Gate, Leave } from '../../http/gate.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import { whileStreamed, type ConcurrencyLimits } from './concurrency-limits.ts';
import type { Rates } from './rates.ts';

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

/**
 * Counts the address before any lookup, so that a flood of invalid credentials costs the services
 * nothing. The principal and its store are counted once they are known. A call without a credential
 * is counted once.
 */
export const gateOf =
  (rates: Rates, limits: ConcurrencyLimits): Gate =>
  async ({ kind, request, address, headers, authenticate }) => {
    const release = await limits.acquire(kind);
    try {
      const isAnonymous = hasNoCredential(request);
      const store = isAnonymous && { store: DEFAULT_STORE };
      const from = { storeId: DEFAULT_STORE, address, ...store };
      await rates.take(kind, from, headers);
      const principal = await authenticate();
      const { storeId } = principal;
      const who = { storeId, principal: principalOf(principal, request), store: storeId };
      if (!isAnonymous) await rates.take(kind, who, headers);
      // A call that buys waits for the decision, so it is no measure of how long a page takes.
      let isPage = true;
      const charge: Charge = async (further) => {
        isPage = false;
        await rates.take(further, from, headers);
        if (!isAnonymous) await rates.take(further, who, headers);
      };
      const leave: Leave = (response) => {
        if (response && isStream(response)) return whileStreamed(response, release);
        release(response !== undefined && isPage);
        return response;
      };
      return { pass: { principal, charge }, leave };
    } catch (error) {
      release();
      throw error;
    }
  };
