// Adds a missing column to a table that an older version of a sandbox created.
import type { Database } from 'bun:sqlite';

export const addColumn = (db: Database, table: string, column: string): void => {
  const columns = db.query<{ name: string }, []>(`pragma table_info(${table})`).all();
  if (columns.some(({ name }) => name === column)) return;
  db.run(`alter table ${table} add column ${column} text`);
};
