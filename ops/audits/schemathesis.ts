// Runs Schemathesis, which generates calls from an API's schema and checks the responses.
import { resolve } from 'node:path';
import { cached, isOnPath, runCommand } from '../servers/install.ts';
import type { Report } from '../output.ts';

const VERSION = '4.32.5';
const BUDGET_SECONDS = 90;
/** Generated calls per path, beyond the tables of edge values. */
const EXAMPLES = 10;

/**
 * The one disabled check. All others apply: no 5xx, no undocumented response, no invalid data
 * accepted, no missing authentication. Valid data may be refused: a sku can match the schema and
 * not be sold.
 */
const UNCHECKED = 'positive_data_acceptance';

/** The check of `graphql_faults.py`, beside this file. */
const GRAPHQL_CHECK = 'graphql_faults';

/** The API to call and the caller's credentials. */
export interface Requested {
  name: string;
  schemaUrl: string;
  baseUrl: string;
  token?: string | undefined;
  /** Paths that revoke the caller's own credentials. */
  exclude?: string;
}

export interface Finding {
  /** The number of calls, as Schemathesis prints it. */
  figure: string;
  failed: boolean;
  /** The complete output. */
  report: string;
}

const install = (report: Report): Promise<string> =>
  cached(`schemathesis-${VERSION}`, report, async (folder) => {
    if (!isOnPath('python3')) throw new Error('schemathesis needs Python 3.10 with pip');
    const what = ['--quiet', '--target', folder, `schemathesis==${VERSION}`];
    await runCommand(['python3', '-m', 'pip', 'install', ...what]);
  });

const argsOf = ({ schemaUrl, baseUrl, token, exclude }: Requested): string[] => [
  'run',
  schemaUrl,
  '--max-examples',
  String(EXAMPLES),
  '--max-time',
  String(BUDGET_SECONDS),
  '--seed',
  '1',
  '--continue-on-failure',
  '--no-color',
  '--warnings',
  'off',
  ...(schemaUrl.endsWith('.json')
    ? ['--url', baseUrl, '--phases', 'coverage,fuzzing', '--exclude-checks', UNCHECKED]
    : ['--phases', 'fuzzing', '--checks', GRAPHQL_CHECK]),
  ...(token === undefined ? [] : ['--header', `Authorization: Bearer ${token}`]),
  ...(exclude === undefined ? [] : ['--exclude-path-regex', exclude]),
];

/** Calls an API until the time budget is used. */
export const schemathesis = async (requested: Requested, report: Report): Promise<Finding> => {
  const folder = await install(report);
  const command = ['python3', resolve(folder, 'bin', 'st'), ...argsOf(requested)];
  const child = Bun.spawn(command, {
    env: {
      ...process.env,
      PYTHONPATH: `${folder}:${import.meta.dirname}`,
      PYTHONDONTWRITEBYTECODE: '1',
      ...(requested.schemaUrl.endsWith('/graphql') && { SCHEMATHESIS_HOOKS: GRAPHQL_CHECK }),
    },
    // Schemathesis stores examples in its working directory.
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const figure = /^ +(\d+ generated.*)$/m.exec(out)?.[1] ?? 'nothing was generated';
  return { figure, failed: (await child.exited) !== 0, report: out + err };
};
