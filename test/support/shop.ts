// Starts the tests' own shop once, by the code of ./holdfast, on real servers.
import postgres from 'postgres';
import { publicEnvironment } from '../../ops/environment.ts';
import { testInstance } from '../../ops/instance.ts';
import { PACE } from '../../ops/tests/pace.ts';
import { bringUp } from '../../ops/up.ts';

/** The first test that needs the shop waits for all of it; cold servers may have to be built. */
export const UP_LIMIT_MS = 15 * 60_000;

export type Sql = ReturnType<typeof postgres>;

/** A shop that other tests use at the same time: none of them may break or reconfigure it. */
export interface Shop {
  env: Record<string, string>;
  /** A superuser's connection, to read all schemas. */
  sql: Sql;
}

const open = async (): Promise<Shop> => {
  Object.assign(process.env, PACE);
  const instance = testInstance();
  // The test command has started it; a single file starts what it needs.
  if (process.env['HOLDFAST_TESTS_UP'] !== 'yes') {
    await bringUp(instance, (line) => process.stderr.write(`# ${line}\n`));
  }
  const env = await publicEnvironment(instance);
  return { env, sql: postgres(env['POSTGRES_URL'] ?? '', { max: 2, onnotice: () => undefined }) };
};

let opened: Promise<Shop> | undefined;

/** The shop, up and ready; the same one for every file of a run. */
export const shop = (): Promise<Shop> => (opened ??= open());
