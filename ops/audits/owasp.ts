// Checks OpenAPI documents against OWASP's rules with Spectral.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { cached, isOnPath, runCommand } from '../servers/install.ts';
import type { Report } from '../output.ts';

const CLI = '@stoplight/spectral-cli@6.16.3';
const RULES = '@stoplight/spectral-owasp-ruleset@2.0.1';
const RULESET = 'owasp.yaml';

const findings = z.array(
  z.object({ code: z.string(), path: z.array(z.string()), message: z.string() }),
);

const install = (report: Report): Promise<string> =>
  cached('spectral-6.16.3-owasp-2.0.1', report, async (folder) => {
    if (!isOnPath('npm')) throw new Error('spectral needs Node.js with npm');
    writeFileSync(resolve(folder, 'package.json'), '{"private":true}');
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--save-exact'];
    await runCommand(['npm', 'install', ...quiet, CLI, RULES], { cwd: folder });
  });

/** Uses a new folder for each run, because rules are resolved relative to the ruleset. */
const laidOut = (installed: string, name: string, description: string): string => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-owasp-'));
  symlinkSync(resolve(installed, 'node_modules'), resolve(folder, 'node_modules'));
  copyFileSync(resolve(import.meta.dirname, RULESET), resolve(folder, RULESET));
  copyFileSync(description, resolve(folder, `${name}.json`));
  return folder;
};

/** Applies every rule except those disabled in `owasp.yaml`; returns one line per finding. */
export const owasp = async (
  name: string,
  description: string,
  report: Report,
): Promise<string[]> => {
  const folder = laidOut(await install(report), name, description);
  const flags = ['--ruleset', RULESET, '--format', 'json', '--quiet'];
  const child = Bun.spawn(['node_modules/.bin/spectral', 'lint', `${name}.json`, ...flags], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    // Spectral exits with 1 on findings; an empty output means that it failed to run.
    if (out.trim() === '') throw new Error(`spectral failed on ${name}: ${err}`);
    return findings
      .parse(JSON.parse(out))
      .map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
