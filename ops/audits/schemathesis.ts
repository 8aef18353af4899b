// Schemathesis: thousands of calls made from what an API says of itself, and what they find.
import { resolve } from 'node:path';
import { cached, isOnPath, runCommand } from '../servers/install.ts';
import type { Say } from '../servers/server.ts';

const VERSION = '4.32.5';
const BUDGET_SECONDS = 90;
/** Of one path each: calls beyond what the tables of edge values give. */
const EXAMPLES = 10;

/**
 * No 5xx, no answer that is not described, no bad data taken, no door left open. Not that all which
 * fits the schema is taken: a sku fits that nobody sells.
 */
const UNCHECKED = 'positive_data_acceptance';

/** Of `graphql_faults.py`, beside this file. */
const GRAPHQL_CHECK = 'graphql_faults';

/** What is asked, and by whom. */
export interface Requested {
  name: string;
  schemaUrl: string;
  baseUrl: string;
  token?: string | undefined;
  /** Paths that end the caller's own credentials. */
  exclude?: string;
}

export interface Finding {
  /** How many calls were made, in its own words. */
  figure: string;
  failed: boolean;
  /** Everything it said. */
  report: string;
}

const install = (say: Say): Promise<string> =>
  cached(`schemathesis-${VERSION}`, say, async (folder) => {
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

/** Asks an API for as long as the budget lasts. */
export const schemathesis = async (asked: Requested, say: Say): Promise<Finding> => {
  const folder = await install(say);
  const command = ['python3', resolve(folder, 'bin', 'st'), ...argsOf(asked)];
  const child = Bun.spawn(command, {
    env: {
      ...process.env,
      PYTHONPATH: `${folder}:${import.meta.dirname}`,
      PYTHONDONTWRITEBYTECODE: '1',
      ...(asked.schemaUrl.endsWith('/graphql') && { SCHEMATHESIS_HOOKS: GRAPHQL_CHECK }),
    },
    // It keeps examples where it runs.
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
