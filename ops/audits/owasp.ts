// OWASP's rules for OpenAPI, by Spectral: what a description leaves open, however well it is kept.
import { copyFileSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { cached, isOnPath, runCommand } from '../servers/install.ts';
import type { Say } from '../servers/server.ts';

const CLI = '@stoplight/spectral-cli@6.16.3';
const RULES = '@stoplight/spectral-owasp-ruleset@2.0.1';
const RULESET = 'owasp.yaml';

const findings = z.array(
  z.object({ code: z.string(), path: z.array(z.string()), message: z.string() }),
);

const install = (say: Say): Promise<string> =>
  cached('spectral-6.16.3-owasp-2.0.1', say, async (folder) => {
    if (!isOnPath('npm')) throw new Error('spectral needs Node.js with npm');
    writeFileSync(resolve(folder, 'package.json'), '{"private":true}');
    const quiet = ['--no-audit', '--no-fund', '--ignore-scripts', '--save-exact'];
    await runCommand(['npm', 'install', ...quiet, CLI, RULES], { cwd: folder });
  });

/** A folder of its own for each run: rules are looked for beside the ruleset. */
const laidOut = (installed: string, name: string, description: string): string => {
  const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-owasp-'));
  symlinkSync(resolve(installed, 'node_modules'), resolve(folder, 'node_modules'));
  copyFileSync(resolve(import.meta.dirname, RULESET), resolve(folder, RULESET));
  copyFileSync(description, resolve(folder, `${name}.json`));
  return folder;
};

/** Holds a description to every rule but those that `owasp.yaml` switches off; a line a finding. */
export const owasp = async (name: string, description: string, say: Say): Promise<string[]> => {
  const folder = laidOut(await install(say), name, description);
  const asked = ['--ruleset', RULESET, '--format', 'json', '--quiet'];
  const child = Bun.spawn(['node_modules/.bin/spectral', 'lint', `${name}.json`, ...asked], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  try {
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    // It ends with 1 for what it found; without anything on its output it did not look.
    if (out.trim() === '') throw new Error(`spectral did not judge ${name}: ${err}`);
    return findings
      .parse(JSON.parse(out))
      .map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
