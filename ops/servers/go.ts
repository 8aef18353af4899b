// Programs built from their Go modules, once for this machine, at pinned versions.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { CACHE } from '../instance.ts';
import type { Report } from '../output.ts';
import { cached, isOnPath, runCommand } from './install.ts';

export interface GoProgram {
  name: string;
  version: string;
  /** The path of its main package. */
  main: string;
}

export const TEMPORAL: GoProgram = {
  name: 'temporal',
  version: '1.5.1',
  main: 'github.com/temporalio/cli/cmd/temporal',
};

/** Programs that only tests use; without Go their tests are skipped. */
export const GRPCURL: GoProgram = {
  name: 'grpcurl',
  version: '1.9.3',
  main: 'github.com/fullstorydev/grpcurl/cmd/grpcurl',
};
export const STRIPE_MOCK: GoProgram = {
  name: 'stripe-mock',
  version: '0.203.0',
  main: 'github.com/stripe/stripe-mock',
};
export const CONFORMANCE: GoProgram = {
  name: 'connectconformance',
  version: '1.0.7',
  main: 'connectrpc.com/conformance/cmd/connectconformance',
};

const folderOf = ({ name, version }: GoProgram): string => `${name}-${version}`;

export const binaryOf = (program: GoProgram): string =>
  resolve(CACHE, folderOf(program), program.name);

export const isBuilt = (program: GoProgram): boolean => existsSync(binaryOf(program));

/** Builds it unless it is there; throws where Go is missing. */
export const goInstall = async (program: GoProgram, report: Report): Promise<void> => {
  const { name, version, main } = program;
  await cached(folderOf(program), report, async (folder) => {
    if (!isOnPath('go')) throw new Error(`${name} is built with Go, which is not on PATH`);
    const env = { GOBIN: folder, GOFLAGS: '-trimpath' };
    await runCommand(['go', 'install', `${main}@v${version}`], { env });
    if (!existsSync(resolve(folder, name))) throw new Error(`go install built no ${name}`);
  });
};
