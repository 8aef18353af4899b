// The gate of the public door: a room, the address, who it is, and then what they may still do.
import { hasNoCredential, type Principal } from '../../http/principals.ts';
import type { Call, Gate } from '../../http/gate.ts';
import { DEFAULT_STORE } from '../../../domain/ids.ts';
import type { Rates } from './rates.ts';
import { whileStreamed, type Rooms } from './rooms.ts';

/** Who stays the same over many calls: an account, a key, else what they show; or nobody. */
const principalOf = (principal: Principal, request: Request): string | undefined => {
  if (principal.kind === 'account' || principal.kind === 'staff') return principal.accountId;
  if (principal.kind === 'key') return principal.keyId;
  if (principal.kind === 'operator') return principal.by;
  return request.headers.get('authorization') ?? undefined;
};

const isStream = (response: Response): boolean =>
  response.headers.get('content-type') === 'text/event-stream';

/**
 * The address is counted before anything is looked up, so that a flood of made-up credentials
 * costs nothing behind the gate; the principal and its store are counted when they are known.
 * Who shows nothing is known at once, and counted once.
 */
export const gateOf = (rates: Rates, rooms: Rooms): Gate => {
  const pass = async (
    call: Call,
    answer: Parameters<Gate>[1],
    onCharge: () => void,
  ): Promise<Response> => {
    const { request, address, headers } = call;
    const isAnonymous = hasNoCredential(request);
    const from = { storeId: DEFAULT_STORE, address, ...(isAnonymous && { store: DEFAULT_STORE }) };
    await rates.take(call.kind, from, headers);
    const principal = await call.authenticate();
    const { storeId } = principal;
    const who = { storeId, principal: principalOf(principal, request), store: storeId };
    if (!isAnonymous) await rates.take(call.kind, who, headers);
    return answer(principal, async (further) => {
      onCharge();
      await rates.take(further, from, headers);
      if (!isAnonymous) await rates.take(further, who, headers);
    });
  };
  return async (call, answer) => {
    const leave = rooms.enter(call.kind);
    // A question that buys something waits for that, and is no page.
    let isPage = true;
    try {
      const response = await pass(call, answer, () => (isPage = false));
      if (isStream(response)) return whileStreamed(response, leave);
      leave(isPage);
      return response;
    } catch (error) {
      leave();
      throw error;
    }
  };
};
