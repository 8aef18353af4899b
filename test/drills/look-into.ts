// Reads everything known of an order, its workflow's own answer included.
import { eventually } from '../support/journeys.ts';
import type { Shop } from '../support/shop.ts';
import { look, type StuckOrder } from '../support/stuck-orders.ts';

const LOOK_LIMIT_MS = 20_000;

/** What Order Recovery shows, with the workflow's own answer as long as it runs. */
export type Seen = StuckOrder & {
  workflow: {
    state: string;
    progress?: { step: string; attentions: { step: string; reason: string }[] };
  };
};

/** A look that Temporal did not answer in time shows nothing of the workflow; it is repeated. */
export const lookInto = (shop: Shop, id: string): Promise<Seen> =>
  eventually(
    `${id} is shown with its workflow`,
    async () => {
      const seen = await look(shop, id);
      return 'state' in (seen.workflow ?? {}) ? seen : undefined;
    },
    LOOK_LIMIT_MS,
  );
