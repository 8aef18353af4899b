// Routes of a store's staff: an address and a role each, with or without an account yet.
import { z } from 'zod';
import type { Pg } from '../../../db/postgres/client.ts';
import {
  listStaff,
  putStaff,
  removeStaff,
  STAFF_MAX,
  type StaffRow,
} from '../../../db/postgres/identity/staff.ts';
import { STAFF_ROLES } from '../../../domain/permissions.ts';
import { emailText, moment } from '../../http/openapi/texts.ts';
import { NO_CONTENT, noContent, reply, route, type Route } from '../../http/routes.ts';
import { email } from '../accounts/shapes.ts';
import { byResponse, byWhom, NO_STORE } from './keys.ts';

const staffBody = z.strictObject({ email, role: z.enum(STAFF_ROLES) });

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
    summary: 'Remove an address from the staff.',
    needs: 'staff:manage',
    response: NO_CONTENT,
    statuses: { 204: 'the address is removed', 409: 'ILLEGAL_TRANSITION: the last owner stays' },
    handler: async ({ principal, params }) => {
      await removeStaff(pg, principal.storeId, (params['email'] ?? '').toLowerCase());
      return noContent;
    },
  }),
];
