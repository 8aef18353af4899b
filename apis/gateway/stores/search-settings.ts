// Routes of a store's rules for the search of its products: the language of its words.
import type { Client } from '@connectrpc/connect';
import { z } from 'zod';
import { LANGUAGES } from '../../../domain/words/stems.ts';
import type { ProductsService } from '../../../proto/gen/holdfast/products/v1/products_pb.ts';
import { reply, route, type Route } from '../../http/routes.ts';
import { callHeaders } from '../owners.ts';
import { NO_STORE } from './keys.ts';

export interface SearchSettingsDeps {
  products: Client<typeof ProductsService>;
}

const settings = z.strictObject({
  language: z
    .enum(LANGUAGES)
    .describe('Whose stems and stop words queries have: English, German or French.'),
});

export const searchSettingsRoutes = ({ products }: SearchSettingsDeps): Route[] => [
  route({
    method: 'get',
    path: '/stores/:storeId/search-settings',
    summary: "A store's rules for the search of its products.",
    needs: 'settings:manage',
    response: settings,
    statuses: { 200: 'the rules' },
    handler: async ({ principal }) => {
      const found = await products.getSearchSettings({}, callHeaders(principal));
      return reply(settings.parse({ language: found.settings?.language }), 200, NO_STORE);
    },
  }),
  route({
    method: 'put',
    path: '/stores/:storeId/search-settings',
    summary: 'Replace them; queries follow within seconds, and nothing is indexed again.',
    needs: 'settings:manage',
    body: settings,
    response: settings,
    statuses: { 200: 'the rules' },
    handler: async ({ principal, body }) => {
      await products.putSearchSettings({ settings: body }, callHeaders(principal));
      return reply(body, 200, NO_STORE);
    },
  }),
];
