// Routes of a store's rules for what comes back: an address, a location, and who accepts it.
import type { Client } from '@connectrpc/connect';
import { z } from 'zod';
import { addressShape } from '../../../domain/addresses/postal.ts';
import { invalid } from '../../../domain/errors.ts';
import { DEFAULT_LOCATION } from '../../../domain/stock.ts';
import type { InventoryService } from '../../../proto/gen/holdfast/inventory/v1/inventory_pb.ts';
import type {
  OrdersService,
  ReturnSettings,
} from '../../../proto/gen/holdfast/orders/v1/orders_pb.ts';
import { reply, route, type Route } from '../../http/routes.ts';
import { callHeaders } from '../owners.ts';
import { wireAddress } from '../shapes.ts';
import { NO_STORE } from './keys.ts';

export interface ReturnSettingsDeps {
  orders: Client<typeof OrdersService>;
  inventory: Client<typeof InventoryService>;
}

const LOCATION_LENGTH_MAX = 40;

const settingsBody = z.strictObject({
  address: addressShape.optional().describe('Absent: the address of Holdfast.'),
  location: z
    .string()
    .min(1)
    .max(LOCATION_LENGTH_MAX)
    .default(DEFAULT_LOCATION)
    .describe('Where returned units are put on hand again.'),
  inspects: z
    .boolean()
    .default(false)
    .describe('A person accepts what has arrived; else all of it is accepted on arrival.'),
});

const settingsResponse = z.object({
  address: addressShape.optional(),
  location: z.string().max(LOCATION_LENGTH_MAX),
  inspects: z.boolean(),
});

const shown = (found: ReturnSettings | undefined): z.output<typeof settingsResponse> => {
  if (!found) throw new Error('Orders answered without settings');
  const { address, location, inspects } = found;
  if (!address) return { location, inspects };
  const { name, line1, line2, city, region, postalCode, country } = address;
  const to = { name, line1, city, country };
  return {
    address: {
      ...to,
      ...(line2 && { line2 }),
      ...(region && { region }),
      ...(postalCode && { postalCode }),
    },
    location,
    inspects,
  };
};

/** INVALID_INPUT for a location that the store does not have. */
const assertLocation = async (
  { inventory }: ReturnSettingsDeps,
  location: string,
  headers: ReturnType<typeof callHeaders>,
): Promise<void> => {
  if (location === DEFAULT_LOCATION) return;
  const { locations } = await inventory.listLocations({}, headers);
  const isKnown = locations.some((known) => known.location === location);
  if (!isKnown) throw invalid('location', 'is none of the store');
};

export const returnSettingsRoutes = (deps: ReturnSettingsDeps): Route[] => [
  route({
    method: 'get',
    path: '/stores/:storeId/return-settings',
    summary: "A store's rules for what comes back.",
    needs: 'settings:manage',
    response: settingsResponse,
    statuses: { 200: 'the rules' },
    handler: async ({ principal }) => {
      const { settings } = await deps.orders.getReturnSettings({}, callHeaders(principal));
      return reply(shown(settings), 200, NO_STORE);
    },
  }),
  route({
    method: 'put',
    path: '/stores/:storeId/return-settings',
    summary: 'Replace them, for what comes back from now on.',
    needs: 'settings:manage',
    body: settingsBody,
    response: settingsResponse,
    statuses: { 200: 'the rules' },
    handler: async ({ principal, body: { address, location, inspects } }) => {
      const headers = callHeaders(principal);
      await assertLocation(deps, location, headers);
      const wanted = { location, inspects, ...(address && { address: wireAddress(address) }) };
      const { settings } = await deps.orders.putReturnSettings({ settings: wanted }, headers);
      return reply(shown(settings), 200, NO_STORE);
    },
  }),
];
