// Looks up sessions for the gateway: one statement returns the account and its roles.
import { sql } from 'drizzle-orm';
import type { StoreId } from '../../../domain/ids.ts';
import type { StaffRole } from '../../../domain/permissions.ts';
import { prepared, type Pg } from '../client.ts';

export interface Session {
  id: string;
  accountId: string;
  email: string;
  emailVerified: boolean;
  isOperator: boolean;
  staff: { storeId: StoreId; role: StaffRole }[];
}

interface Row extends Record<string, unknown> {
  id: string;
  account_id: string;
  email: string;
  email_verified: boolean;
  is_operator: boolean;
  staff: { storeId: StoreId; role: StaffRole }[] | null;
}

/** The session with this bare token, unless it has expired. */
export const findSession = (pg: Pg, token: string): Promise<Session | undefined> =>
  pg.query('identity.findSession', async (db) => {
    const [row] = await prepared<Row>(
      db,
      sql`select s.id, a.id as account_id, a.email, a.email_verified,
        a.email_verified and exists (
          select from identity.house_operators o where o.email = a.email) as is_operator,
        (select json_agg(json_build_object('storeId', t.store_id, 'role', t.role)
          order by t.created_at) from identity.staff_members t
          where t.email = a.email and a.email_verified) as staff
        from identity.sessions s join identity.accounts a on a.id = s.user_id
        where s.token = ${token} and s.expires_at > now()`,
    );
    if (!row) return undefined;
    const { id, account_id: accountId, email, email_verified: emailVerified } = row;
    return {
      id,
      accountId,
      email,
      emailVerified,
      isOperator: row.is_operator,
      staff: row.staff ?? [],
    };
  });
