// Tests that data which another build has migrated is recognised and refused, and left as it is.
import { afterAll, beforeAll, expect, test } from 'bun:test';
import postgres from 'postgres';
import {
  migratePostgres,
  schemasOfOtherBuilds,
  type RolePasswords,
} from '../../db/postgres/migrate.ts';
import { migrateEnvironment } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { postgresUrl } from '../../ops/servers/postgres.ts';
import { shop as openShop, UP_LIMIT_MS, type Shop } from '../support/shop.ts';

const instance = testInstance();
const database = `migrations_${crypto.randomUUID().replaceAll('-', '')}`;
const url = postgresUrl(instance, 'holdfast', database);
const passwords = JSON.parse(
  migrateEnvironment(instance)['HOLDFAST_ROLE_PASSWORDS'] ?? '{}',
) as RolePasswords;

let shop: Shop;
beforeAll(async () => {
  shop = await openShop();
  await shop.sql.unsafe(`create database ${database}`);
}, UP_LIMIT_MS);
afterAll(async () => {
  await shop.sql.unsafe(`drop database ${database} with (force)`);
});

test('an empty database and one of this build are taken, one of another build is not', async () => {
  expect(await schemasOfOtherBuilds(url)).toEqual([]);
  await migratePostgres(url, passwords);
  await migratePostgres(url, passwords);
  expect(await schemasOfOtherBuilds(url)).toEqual([]);
  const sql = postgres(url, { max: 1 });
  await sql`update migrations.orders set hash = 'of another build'`;
  expect(await schemasOfOtherBuilds(url)).toEqual(['orders']);
  expect(await migratePostgres(url, passwords).catch(String)).toBe(
    'Error: another build of Holdfast has migrated orders',
  );
  const hashes = await sql`select distinct hash from migrations.orders`;
  await sql.end();
  expect([...hashes]).toEqual([{ hash: 'of another build' }]);
});
