// Routes of a store's staff: an address and a role each, with or without an account yet.
import { z } from 'zod';
import type { Pg } from '../../../db/postgres/client.ts';
import { STORE_KEYS_MAX } from '../../../db/postgres/identity/keys.ts';
import {
  listStaff,
  putStaff,
  removeStaff,
  STAFF_MAX,
  type StaffRow,
} from '../../../db/postgres/identity/staff.ts';
import { STAFF_ROLES } from '../../../domain/permissions.ts';
import { accountEmail, emailText } from '../../../domain/addresses/email.ts';
import { moment } from '../../http/openapi/texts.ts';
import { jsonOr, reply, route, type Route } from '../../http/routes.ts';
import { byResponse, byWhom, keyResponse, NO_STORE, toKeyResponse } from './keys.ts';

/** Keys outlive the member of staff who has made them, unless they end with the removal. */
const removeQuery = z.strictObject({ keys: z.enum(['keep', 'end']).optional() });
const staffBody = z.strictObject({ email: accountEmail, role: z.enum(STAFF_ROLES) });

const staffResponse = z.object({
  email: emailText,
  role: z.enum(STAFF_ROLES),
  createdBy: byResponse,
  createdAt: moment,
});

const shown = (row: StaffRow) => ({
  email: row.email,
  role: row.role,
  createdBy: row.createdBy,
  createdAt: row.createdAt.toISOString(),
});

export const staffRoutes = (pg: Pg): Route[] => [
  route({
    method: 'get',
    path: '/stores/:storeId/staff',
    summary: 'The staff of a store.',
    needs: 'staff:manage',
    response: z.object({ items: z.array(staffResponse).max(STAFF_MAX) }),
    statuses: { 200: 'addresses and roles' },
    handler: async ({ principal }) =>
      reply({ items: (await listStaff(pg, principal.storeId)).map(shown) }, 200, NO_STORE),
  }),
  route({
    method: 'post',
    path: '/stores/:storeId/staff',
    summary: 'Give an address a role; it takes effect once the address is confirmed.',
    needs: 'staff:manage',
    body: staffBody,
    response: staffResponse,
    statuses: { 200: 'the address and the role', 409: 'ILLEGAL_TRANSITION: the last owner stays' },
    handler: async ({ principal, body }) => {
      const { storeId } = principal;
      const draft = { storeId, ...body, createdBy: byWhom(principal) };
      return reply(shown(await putStaff(pg, draft)), 200, NO_STORE);
    },
  }),
  route({
    method: 'delete',
    path: '/stores/:storeId/staff/:email',
    summary: 'Remove an address from the staff; with `keys` the response has the keys it has made.',
    needs: 'staff:manage',
    query: removeQuery,
    response: jsonOr(z.object({ keys: z.array(keyResponse).max(STORE_KEYS_MAX) })),
    statuses: {
      200: 'the address is removed; the live keys that it has made here, which `end` has ended',
      204: 'the address is removed',
      409: 'ILLEGAL_TRANSITION: the last owner stays',
    },
    handler: async ({ principal, params, query: { keys } }) => {
      const named = params['email'] ?? '';
      const email = accountEmail.safeParse(named).data ?? named.toLowerCase();
      const made = await removeStaff(pg, principal.storeId, email, keys ?? 'keep');
      if (keys === undefined) return new Response(null, { status: 204 });
      return reply({ keys: made.map(toKeyResponse) }, 200, NO_STORE);
    },
  }),
];
