// Runs the Connect project's conformance suite against our listeners.
import { describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { binaryOf, CONFORMANCE, isBuilt } from '../../ops/servers/go.ts';

const LIMIT_MS = 240_000;
const PORT_SHIFT = 170;

const output = async (command: string[], cwd: string): Promise<{ code: number; text: string }> => {
  const child = Bun.spawn(command, { cwd, stdout: 'pipe', stderr: 'pipe' });
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, text: `${out}${errors}` };
};

/** The suite's contracts, from its Go module. */
const descriptorsIn = async (folder: string): Promise<string> => {
  const module = `connectrpc.com/conformance@v${CONFORMANCE.version}`;
  const { text } = await output(['go', 'mod', 'download', '-json', module], folder);
  const { Dir } = JSON.parse(text) as { Dir: string };
  const file = resolve(folder, 'descriptors.binpb');
  const buf = resolve(ROOT, 'node_modules', '.bin', 'buf');
  const built = await output(
    [buf, 'build', '.', '--as-file-descriptor-set', '-o', file],
    resolve(Dir, 'proto'),
  );
  expect(built).toMatchObject({ code: 0 });
  return file;
};

describe('the listeners of an RPC service', () => {
  test.skipIf(!isBuilt(CONFORMANCE))(
    'pass the conformance suite of Connect and gRPC (needs Go)',
    async () => {
      const folder = mkdtempSync(resolve(tmpdir(), 'holdfast-conformance-'));
      try {
        const descriptors = await descriptorsIn(folder);
        const port = String(testInstance().portBase + PORT_SHIFT);
        const server = [process.execPath, 'test/conformance/server.ts', descriptors, port];
        const config = ['--mode', 'server', '--conf', 'test/conformance/config.yaml'];
        const limits = ['--max-servers', '1', '--parallel', '4'];
        const { code, text } = await output(
          [binaryOf(CONFORMANCE), ...config, ...limits, '--', ...server],
          ROOT,
        );
        console.error(text.trim().split('\n').slice(-2).join('\n'));
        expect([code, /, 0 failed/.test(text)]).toEqual([0, true]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    LIMIT_MS,
  );
});
