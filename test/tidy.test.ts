// Tests the repository's own rules: imports, sizes, head sentences, words, cited paths.
import { describe, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LIMITS } from '../ops/limits.ts';
import { SOURCES as PROCESS_SOURCES } from '../ops/up.ts';

const ROOT = resolve(import.meta.dirname, '..');
const FORBIDDEN_FOLDERS = /(?:^|\/)(?:utils|libs|common|types|helpers|shared|core|misc)\//;

const tracked = Bun.spawnSync(['git', 'ls-files', '-co', '--exclude-standard'], { cwd: ROOT });
const FILES = tracked.stdout
  .toString()
  .trim()
  .split('\n')
  .filter((file) => existsSync(resolve(ROOT, file)));
const SOURCES = FILES.filter((file) => /\.tsx?$/.test(file) && !file.startsWith('proto/gen/'));
const isTest = (file: string): boolean => /\.test\.tsx?$/.test(file);
const textOf = (file: string): string => readFileSync(resolve(ROOT, file), 'utf8');

/** The folders that each folder may import. */
const MAY_IMPORT: Record<string, string[]> = {
  concurrency: ['concurrency'],
  domain: ['domain'],
  telemetry: ['telemetry'],
  db: ['concurrency', 'db', 'domain', 'proto', 'telemetry'],
  activities: ['activities', 'concurrency', 'db', 'domain', 'proto', 'telemetry'],
  workflows: ['workflows', 'domain'],
  sandbox: ['concurrency', 'domain', 'sandbox'],
};
/** Code outside workflows that starts, updates and reads them. */
const CLIENT_MAY_IMPORT = ['concurrency', 'db', 'domain', 'telemetry', 'workflows'];
const SERVICES = ['gateway', 'products', 'search', 'inventory', 'orders', 'recovery'];

const importsOf = (file: string): { path: string; isType: boolean }[] =>
  [...textOf(file).matchAll(/^\s*(?:import|export)\s(type\s)?[^;]*?from '([^']+)'/gm)].map(
    ([, type, path = '']) => ({ path, isType: type !== undefined }),
  );

const ownImports = (file: string): { target: string; isType: boolean }[] =>
  importsOf(file)
    .filter(({ path }) => path.startsWith('.'))
    .map(({ path, isType }) => ({
      target: resolve(ROOT, file, '..', path).slice(ROOT.length + 1),
      isType,
    }));

const isAllowed = (file: string, target: string, isType: boolean): boolean => {
  const [folder = '', service = ''] = file.split('/');
  const [top = '', targetService = ''] = target.split('/');
  if (isTest(file)) return true;
  if (folder === 'processes') return top !== 'ops' && top !== 'test';
  if (file.startsWith('workflows/client/')) return CLIENT_MAY_IMPORT.includes(top);
  if (folder === 'activities' && target.startsWith('workflows/client/')) return true;
  if (folder === 'workflows' && target.startsWith('workflows/client/')) return false;
  if (folder === 'activities' && target.endsWith('.contract.ts')) return isType;
  if (folder === 'workflows' && top === 'activities') return isType;
  if (folder === 'apis') {
    const own = ['http', 'rpc', service];
    if (top === 'apis') return own.includes(targetService);
    const isClient = target.startsWith('workflows/client/') || target.endsWith('.contract.ts');
    return (
      (top === 'workflows' && isClient) ||
      ['concurrency', 'domain', 'db', 'proto', 'telemetry'].includes(top)
    );
  }
  const allowed = MAY_IMPORT[folder];
  return allowed === undefined || allowed.includes(top);
};

/** The folders that may use a package of a store or of an external service. */
const PACKAGE_FOLDERS: Record<string, string[]> = {
  postgres: ['bench', 'db', 'ops', 'test'],
  'drizzle-orm': ['db', 'processes'],
  kafkajs: ['bench', 'db', 'ops', 'test'],
  'cassandra-driver': ['db', 'ops', 'test'],
  ioredis: ['db', 'ops', 'test'],
  stripe: ['activities', 'apis/orders', 'sandbox'],
  standardwebhooks: ['apis/orders', 'sandbox'],
  nodemailer: ['activities'],
  '@temporalio/worker': ['activities', 'bench', 'processes', 'test', 'workflows/client'],
  '@temporalio/client': ['bench', 'ops', 'processes', 'test', 'workflows/client'],
  '@temporalio/workflow': ['bench', 'test', 'workflows'],
  graphql: ['apis/http/graphql', 'apis/search', 'apis/gateway/graphql', 'ops'],
  'better-auth': ['apis/gateway', 'db/postgres/identity'],
};

/** Private words; the field's own words replace them, as in docs/glossary.md. */
const PRIVATE_WORDS =
  'story stories hands door doors news tell told wish wishes mend whoever nobody somebody';
const PRIVATE_WORD = new RegExp(`\\b(?:${PRIVATE_WORDS.replaceAll(' ', '|')})\\b`, 'gi');

/** The code without its strings and comments, so that the words left are identifiers. */
const identifiersOf = (text: string): string =>
  text.replace(
    /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*/g,
    '',
  );

const headOf = (text: string): string =>
  /^(?:#!.*\n)?((?:\/\/.*\n)+|\/\*\*[\s\S]*?\*\/)/.exec(text)?.[1] ?? '';

describe('the repository', () => {
  test('imports only in the allowed directions', () => {
    const wrong = SOURCES.flatMap((file) =>
      ownImports(file)
        .filter(({ target, isType }) => !isAllowed(file, target, isType))
        .map(({ target }) => `${file} imports ${target}`),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps each store and provider behind its own folder', () => {
    const wrong = SOURCES.filter((file) => !isTest(file)).flatMap((file) =>
      importsOf(file)
        .filter(({ path, isType }) => {
          const name = Object.keys(PACKAGE_FOLDERS).find(
            (one) => path === one || path.startsWith(`${one}/`),
          );
          const folders = name ? (PACKAGE_FOLDERS[name] ?? []) : undefined;
          return folders && !isType && !folders.some((folder) => file.startsWith(`${folder}/`));
        })
        .map(({ path }) => `${file} uses ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps every service apart from the others', () => {
    const wrong = SOURCES.flatMap((file) => {
      const service = SERVICES.find((one) => file.startsWith(`apis/${one}/`));
      if (!service || isTest(file)) return [];
      return ownImports(file)
        .filter(({ target }) =>
          SERVICES.some((one) => one !== service && target.startsWith(`apis/${one}/`)),
        )
        .map(({ target }) => `${file} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  test('restarts a process, and builds its image, from every folder that it imports', () => {
    const seen = new Set<string>();
    const visit = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const { target } of ownImports(file)) if (FILES.includes(target)) visit(target);
    };
    for (const file of SOURCES) if (/^processes\/[^.]*\.ts$/.test(file)) visit(file);
    const folders = new Set([...seen].map((file) => file.split('/')[0] ?? ''));
    expect([...folders].filter((one) => !textOf('Dockerfile').includes(`COPY ${one} `))).toEqual(
      [],
    );
    expect([...folders].filter((one) => !PROCESS_SOURCES.includes(one))).toEqual([]);
  });

  /** Whether running `file` loads `wanted`. */
  const reaches = (file: string, wanted: string, seen = new Set<string>()): boolean =>
    file === wanted ||
    ownImports(file).some(({ target, isType }) => {
      if (isType || seen.has(target) || !FILES.includes(target)) return false;
      return reaches(target, wanted, seen.add(target));
    });

  test('names tests that need the shop, and no others, *.shop.test.ts', () => {
    const wrong = SOURCES.filter(isTest).filter(
      (file) => file.endsWith('.shop.test.ts') !== reaches(file, 'test/support/shop.ts'),
    );
    expect(wrong).toEqual([]);
  });

  test('keeps tests that break the shop apart from those that share it', () => {
    const wrong = SOURCES.filter(
      (file) => isTest(file) && !/^test\/(?:faults|drills)\//.test(file),
    ).filter((file) => reaches(file, 'test/support/breakable-shop.ts'));
    expect(wrong).toEqual([]);
  });

  test('reads the environment in one place', () => {
    const readers = SOURCES.filter(
      (file) =>
        /process\.env/.test(textOf(file)) &&
        !file.startsWith('bench/') &&
        !file.startsWith('ops/') &&
        !file.startsWith('test/') &&
        !isTest(file) &&
        !['processes/config.ts', 'db/postgres/drizzle.config.ts'].includes(file),
    );
    expect(readers).toEqual([]);
  });

  test(`has files of at most ${LIMITS.fileLines} lines of ${LIMITS.columns} columns`, () => {
    const wrong = SOURCES.filter((file) => !isTest(file)).flatMap((file) => {
      const lines = textOf(file).split('\n');
      const long = lines.findIndex((line) => line.length > LIMITS.columns);
      return [
        ...(lines.length > LIMITS.fileLines + 1 ? [`${file} has ${lines.length} lines`] : []),
        ...(long >= 0 ? [`${file}:${long + 1} is too wide`] : []),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test('has files that begin with a sentence saying what they are for', () => {
    const wrong = SOURCES.filter(
      (file) => !/^(?:#!.*\n)?(?:\/\/ .*[.;?]?|\/\*\*)/.test(textOf(file)),
    );
    expect(wrong).toEqual([]);
  });

  test('has no private words as identifiers, in file names or in head sentences', () => {
    const wrong = SOURCES.flatMap((file) => {
      const text = textOf(file);
      const name = (file.split('/').at(-1) ?? '').replaceAll(/[-._]/g, ' ');
      const found = [identifiersOf(text), headOf(text), name].flatMap(
        (part) => part.match(PRIVATE_WORD) ?? [],
      );
      return found.map((word) => `${file}: ${word}`);
    });
    expect([...new Set(wrong)]).toEqual([]);
  });

  test('has one table of limits, which the linter and the formatter share', () => {
    const functions = (max: number) => ({
      'max-lines-per-function': ['error', { max, skipComments: true }],
    });
    const lint = JSON.parse(textOf('.oxlintrc.json')) as { overrides: unknown[] };
    expect(lint).toMatchObject({
      rules: { 'max-depth': ['error', LIMITS.nesting], ...functions(LIMITS.functionLines) },
    });
    expect(lint.overrides).toContainEqual({
      files: ['workflows/**'],
      rules: functions(LIMITS.workflowFunctionLines),
    });
    expect(JSON.parse(textOf('.oxfmtrc.json'))).toMatchObject({ printWidth: LIMITS.columns });
  });

  test('writes the entries of a literal out, instead of spreading literals into it', () => {
    const wrong = SOURCES.filter((file) => !isTest(file) && !file.startsWith('test/')).flatMap(
      (file) =>
        textOf(file)
          .split('\n')
          .flatMap((line, at) => (/\.\.\.[[{]/.test(line) ? [`${file}:${at + 1}`] : [])),
    );
    expect(wrong).toEqual([]);
  });

  test(`has folders of at most ${LIMITS.folderEntries} entries, none with a name that says nothing`, () => {
    expect(SOURCES.filter((file) => FORBIDDEN_FOLDERS.test(file))).toEqual([]);
    const entries = new Map<string, Set<string>>();
    for (const file of FILES.filter((one) => !one.includes('.test.') && one.includes('/'))) {
      const [folder, name] = [file.slice(0, file.lastIndexOf('/')), file.split('/').at(-1) ?? ''];
      entries.set(folder, (entries.get(folder) ?? new Set()).add(name));
    }
    const full = [...entries]
      .filter(([folder]) => !folder.startsWith('proto/gen'))
      .filter(([, names]) => names.size > LIMITS.folderEntries)
      .map(([folder, names]) => `${folder} has ${names.size}`);
    expect(full).toEqual([]);
  });

  test('writes commands of developers so that they run without Bun on the PATH', () => {
    const wrong = FILES.filter((file) => file.endsWith('.md')).flatMap((file) =>
      textOf(file)
        .split('\n')
        .flatMap((line, at) =>
          /(?:^|`)(?:bun|tsc|oxlint|oxfmt) /.test(line) ? [`${file}:${at + 1}`] : [],
        ),
    );
    expect(wrong).toEqual([]);
  });

  test('cites only paths that exist', () => {
    const pages = FILES.filter((file) => file.endsWith('.md'));
    const cited = pages.flatMap((page) => {
      const text = textOf(page);
      const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path = '']) =>
        resolve(ROOT, page, '..', path),
      );
      const named = [...text.matchAll(/`([\w.-]+\/[\w./-]+\.\w+)`/g)].map(([, path = '']) =>
        resolve(ROOT, path),
      );
      return [...links, ...named].map((path) => ({ page, path }));
    });
    expect(cited.length).toBeGreaterThan(20);
    expect(cited.filter(({ path }) => !existsSync(path))).toEqual([]);
  });
});
