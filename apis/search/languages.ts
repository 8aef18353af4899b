// Knows the language of each store's words, which Products keeps.
import type { Client } from '@connectrpc/connect';
import { LRUCache } from 'lru-cache';
import { STORE_HEADER } from '../../domain/headers.ts';
import { DEFAULT_LANGUAGE, LANGUAGES, type Language } from '../../domain/words/stems.ts';
import type { ProductsService } from '../../proto/gen/holdfast/products/v1/products_pb.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

const STORES_MAX = 10_000;
const TTL_MS = 5_000;
/** A query waits no longer for a language than this. */
const TIMEOUT_MS = 300;

/**
 * The language of a store, read at most every five seconds. While Products is unavailable it is the
 * last one known, else English: every product has the stems of each language.
 */
export const storeLanguages = (
  products: Client<typeof ProductsService>,
  telemetry: Telemetry,
): ((storeId: string) => Promise<Language>) => {
  const known = new LRUCache<string, Language>({
    max: STORES_MAX,
    ttl: TTL_MS,
    fetchMethod: async (storeId, last) => {
      const options = { headers: { [STORE_HEADER]: storeId }, timeoutMs: TIMEOUT_MS };
      try {
        const { settings } = await products.getSearchSettings({}, options);
        return LANGUAGES.find((one) => one === settings?.language) ?? DEFAULT_LANGUAGE;
      } catch (error) {
        telemetry.log.error('store language unknown', error, { storeId });
        return last ?? DEFAULT_LANGUAGE;
      }
    },
  });
  return async (storeId) => (await known.fetch(storeId)) ?? DEFAULT_LANGUAGE;
};
