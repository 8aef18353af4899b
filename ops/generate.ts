// Generates the committed files: protobuf code, OpenAPI, schemas, pages of permissions and errors.
import { writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { composedSdl, SCHEMA_FILE } from '../apis/gateway/graphql/schema.ts';
import { describedShop, SHOP_OPENAPI_FILE } from '../apis/gateway/description.ts';
import { SDL } from '../apis/search/graphql.ts';
import { describedProducts, OPENAPI_FILE } from '../apis/products/routes.ts';
import { describedRecovery, RECOVERY_OPENAPI_FILE } from '../apis/recovery/routes.ts';
import { ROOT } from './instance.ts';
import { runCommand } from './servers/install.ts';
import { errorsPage, ERRORS_FILE } from './contracts/errors.ts';
import { everyRoute, permissionsPage, PERMISSIONS_FILE } from './contracts/permissions.ts';
import { publishedSecrets, PUBLISHED_SECRETS_FILE } from './contracts/published-secrets.ts';
import { vendorProtos } from './contracts/vendored.ts';

const bin = (name: string): string => resolve(ROOT, 'node_modules', '.bin', name);

const PROTO = resolve(ROOT, 'proto');

const writeProto = async (): Promise<void> => {
  const PATH = `${resolve(ROOT, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`;
  vendorProtos();
  await runCommand([bin('buf'), 'generate'], { cwd: PROTO, env: { PATH } });
  const output = ['gen/descriptors.binpb', '--as-file-descriptor-set', '--exclude-source-info'];
  await runCommand([bin('buf'), 'build', '-o', ...output], { cwd: PROTO });
};

/** Only what routes say of themselves is read, so nothing stands behind them. */
const writeDescriptions = (): void => {
  const { gateway = [] } = everyRoute();
  const documents = {
    [OPENAPI_FILE]: describedProducts(),
    [SHOP_OPENAPI_FILE]: describedShop(gateway),
    [RECOVERY_OPENAPI_FILE]: describedRecovery(),
  };
  for (const [file, document] of Object.entries(documents)) {
    writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
  }
};

const writeSchema = async (): Promise<void> => {
  writeFileSync(SCHEMA_FILE, composedSdl(SDL));
  await runCommand([bin('oxfmt'), SCHEMA_FILE], { cwd: ROOT });
};

const OTHER_FILES = [
  OPENAPI_FILE,
  SHOP_OPENAPI_FILE,
  RECOVERY_OPENAPI_FILE,
  SCHEMA_FILE,
  ERRORS_FILE,
  PERMISSIONS_FILE,
  PUBLISHED_SECRETS_FILE,
];

/** Every generated file, as a path below the root. */
export const generatedFiles = (): string[] => {
  const gen = [...new Bun.Glob('**/*').scanSync({ cwd: resolve(PROTO, 'gen') })];
  return [
    ...gen.map((file) => `proto/gen/${file}`),
    ...OTHER_FILES.map((file) => relative(ROOT, file)),
  ];
};

/** Writes every generated file; on an unchanged tree it changes nothing. */
export const generate = async (): Promise<void> => {
  await writeProto();
  writeDescriptions();
  await writeSchema();
  writeFileSync(ERRORS_FILE, errorsPage());
  writeFileSync(PERMISSIONS_FILE, permissionsPage());
  writeFileSync(PUBLISHED_SECRETS_FILE, publishedSecrets());
};

if (import.meta.main) await generate();
