// Keeps which orders' tokens were revoked, so that a token is checked while Postgres is away.
import type { Pg } from '../../../db/postgres/client.ts';
import {
  listRecentlyRevoked,
  listRevokedTokens,
  ORDER_TOKENS_CHANNEL,
  revokeOrderToken,
  type Revoked,
} from '../../../db/postgres/identity/order-tokens.ts';
import type { Telemetry } from '../../../telemetry/telemetry.ts';

const PAGE = 1_000;
/** Reads more than a missed notification or a slow commit hides. */
const RECENT_SECONDS = 120;
const LOOK_EVERY_MS = 60_000;
/** Until all are read, from a Postgres that is away. */
const RETRY_MS = 1_000;

export interface Generations {
  /** How often the order's token was revoked. */
  of(orderId: string): number;
  /** Ends the order's valid token. */
  revoke(orderId: string, by: string): Promise<void>;
}

export interface OrderTokens extends Generations {
  /** Resolves when all revocations were read once. */
  ready: Promise<void>;
  stop(): void;
}

/** Notifications bring revocations of other gateways at once; a timer covers missed ones. */
export const startOrderTokens = (pg: Pg, telemetry: Telemetry): OrderTokens => {
  const generations = new Map<string, number>();
  let stopped = false;
  const of = (orderId: string): number => generations.get(orderId) ?? 0;
  const note = ({ orderId, generation }: Revoked): void => {
    generations.set(orderId, Math.max(generation, of(orderId)));
  };
  const readAll = async (): Promise<void> => {
    for (let after = ''; ;) {
      const page = await listRevokedTokens(pg, after, PAGE);
      page.forEach(note);
      const last = page.at(-1);
      if (!last || page.length < PAGE) return;
      after = last.orderId;
    }
  };
  const readRecent = (): void => {
    void listRecentlyRevoked(pg, RECENT_SECONDS).then(
      (recent) => recent.forEach(note),
      () => undefined,
    );
  };
  const begin = async (): Promise<void> => {
    while (!stopped) {
      try {
        return await readAll();
      } catch (error) {
        telemetry.log.warn('revoked order tokens not read yet', { reason: String(error) });
        await Bun.sleep(RETRY_MS);
      }
    }
  };
  const listening = pg.listen(ORDER_TOKENS_CHANNEL, readRecent).catch((error: unknown) => {
    telemetry.log.warn('order token revocations not received', { reason: String(error) });
  });
  const timer = setInterval(readRecent, LOOK_EVERY_MS);
  return {
    of,
    revoke: async (orderId, by) => note(await revokeOrderToken(pg, orderId, by)),
    ready: begin(),
    stop: () => {
      stopped = true;
      clearInterval(timer);
      void listening.then((end) => end?.()).catch(() => undefined);
    },
  };
};
