// A store's rules for the search of its products: the language of its words.
import { eq } from 'drizzle-orm';
import type { StoreId } from '../../domain/ids.ts';
import { DEFAULT_LANGUAGE, type Language } from '../../domain/words/stems.ts';
import type { Pg } from './client.ts';
import { searchSettings } from './schema/products.ts';

export interface SearchSettings {
  language: Language;
}

/** English for a store that has set none. */
export const searchSettingsOf = (pg: Pg, storeId: StoreId): Promise<SearchSettings> =>
  pg.as(storeId).query('searchSettings.of', async (db) => {
    const [row] = await db.select().from(searchSettings).where(eq(searchSettings.storeId, storeId));
    return { language: row?.language ?? DEFAULT_LANGUAGE };
  });

export const putSearchSettings = (
  pg: Pg,
  storeId: StoreId,
  { language }: SearchSettings,
): Promise<void> =>
  pg.as(storeId).transaction('searchSettings.put', async (tx) => {
    const set = { language, updatedAt: new Date() };
    await tx
      .insert(searchSettings)
      .values({ storeId, ...set })
      .onConflictDoUpdate({ target: searchSettings.storeId, set });
  });
