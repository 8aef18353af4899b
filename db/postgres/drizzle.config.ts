// The settings of drizzle-kit: one migrations folder per service, chosen by DRIZZLE_SCHEMA.
import { defineConfig } from 'drizzle-kit';

const schema = process.env['DRIZZLE_SCHEMA'] ?? '';

export default defineConfig({
  dialect: 'postgresql',
  // One schema may have several files: `orders.ts`, `orders-money.ts`.
  schema: `./db/postgres/schema/${schema}*.ts`,
  schemaFilter: [schema],
  out: `./db/postgres/migrations/${schema}`,
});
