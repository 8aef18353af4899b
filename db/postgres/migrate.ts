// Migrates a Postgres server: roles, schemas, tables and least-privilege grants.
import { drizzle } from 'drizzle-orm/postgres-js';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { migrate } from 'drizzle-orm/postgres-js/migrator';
import postgres from 'postgres';
import { LOCKS } from './locks.ts';
import { OUTBOX_SCHEMAS } from './outbox.ts';

const MIGRATIONS = new URL('./migrations/', import.meta.url).pathname;
const SCHEMAS = ['identity', 'products', 'inventory', 'orders'] as const;
/** Roles that own no schema but read of others what their work needs. */
const READING_ROLES = ['relay', 'recovery', 'authenticator', 'shoppers'] as const;

type Sql = ReturnType<typeof postgres>;

export type RolePasswords = Record<
  (typeof SCHEMAS)[number] | (typeof READING_ROLES)[number],
  string
>;

const putRole = async (sql: Sql, role: string, password: string): Promise<void> => {
  const [found] = await sql`select 1 from pg_roles where rolname = ${role}`;
  if (!found) await sql.unsafe(`create role ${role} login`);
  const [quoted] = await sql`select quote_literal(${password}) as literal`;
  await sql.unsafe(`alter role ${role} login password ${quoted?.['literal']}`);
};

/** A service's role may use its own schema's rows only: no DDL at run time. */
const grantOwn = async (sql: Sql, schema: string): Promise<void> => {
  await sql.unsafe(`
    grant usage on schema ${schema} to ${schema};
    grant select, insert, update, delete on all tables in schema ${schema} to ${schema};
    grant usage, select on all sequences in schema ${schema} to ${schema};`);
};

const grantReaders = async (sql: Sql): Promise<void> => {
  for (const schema of OUTBOX_SCHEMAS) {
    await sql.unsafe(`
      grant usage on schema ${schema} to relay;
      grant select, update, delete on ${schema}.outbox to relay;`);
  }
  // A cached plan from an empty outbox scans a whole bucket for each batch, so plans are not
  // cached.
  await sql.unsafe('alter role relay set plan_cache_mode = force_custom_plan');
  await sql.unsafe(`
    grant usage on schema orders to recovery;
    grant select on all tables in schema orders to recovery;
    grant insert, update on orders.recovery_actions to recovery;
    grant update on orders.orders to recovery;
    grant insert on orders.order_events, orders.outbox to recovery;
    grant usage on sequence orders.outbox_id_seq to recovery;
    grant usage on schema products to shoppers;
    grant select on products.products, products.variants, products.product_collections to shoppers;
    grant usage on schema identity to authenticator;
    grant select on identity.api_keys, identity.sessions, identity.accounts,
      identity.staff_members, identity.house_operators to authenticator;
    grant update (last_used_at) on identity.api_keys to authenticator;`);
};

const migrationsOf = (schema: string) => ({
  migrationsFolder: `${MIGRATIONS}${schema}`,
  migrationsSchema: 'migrations',
  migrationsTable: schema,
});

const foreignSchemas = async (sql: Sql): Promise<string[]> => {
  const tables = await sql`
    select table_name as schema from information_schema.tables where table_schema = 'migrations'`;
  const applied = await Promise.all(
    tables.map(async ({ schema }) => {
      const rows = await sql`select hash from migrations.${sql(schema)}`;
      return { schema: String(schema), hashes: rows.map(({ hash }) => String(hash)) };
    }),
  );
  return applied.flatMap(({ schema, hashes }) => {
    const isOwn = (SCHEMAS as readonly string[]).includes(schema);
    const known = isOwn ? readMigrationFiles(migrationsOf(schema)).map(({ hash }) => hash) : [];
    return hashes.every((hash) => known.includes(hash)) ? [] : [schema];
  });
};

/** The schemas with migrations that this build does not have. Needs a superuser's URL. */
export const schemasOfOtherBuilds = async (url: string): Promise<string[]> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await foreignSchemas(sql);
  } finally {
    await sql.end();
  }
};

/** Idempotent, also when run concurrently from several machines. Needs a superuser's URL. */
export const migratePostgres = async (url: string, passwords: RolePasswords): Promise<void> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await sql`select pg_advisory_lock(${LOCKS.migration})`;
    const foreign = await foreignSchemas(sql);
    if (foreign.length > 0) {
      throw new Error(`another build of Holdfast has migrated ${foreign.join(', ')}`);
    }
    for (const [role, password] of Object.entries(passwords)) await putRole(sql, role, password);
    for (const schema of SCHEMAS) {
      await migrate(drizzle(sql), migrationsOf(schema));
      await grantOwn(sql, schema);
    }
    await grantReaders(sql);
    await sql`insert into inventory.epochs (id, epoch) values (1, 1) on conflict do nothing`;
  } finally {
    await sql.end();
  }
};
