// Tests that every saved history replays on the present workflows.
import { describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { bundleWorkflowCode, DefaultLogger, Runtime, Worker } from '@temporalio/worker';

const LIMIT_MS = 180_000;
const WORKFLOWS = resolve(import.meta.dirname, '../../workflows/index.ts');
const HISTORIES = [...new Bun.Glob('histories/*.json').scanSync({ cwd: import.meta.dirname })];

const NODE_BUILD = { target: 'node', format: 'esm', packages: 'external' } as const;

interface Saved {
  events: Record<string, unknown>[];
}

const saved = (file: string): Saved =>
  JSON.parse(readFileSync(resolve(import.meta.dirname, file), 'utf8')) as Saved;

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const workflowBundle = await bundleWorkflowCode({
  workflowsPath: WORKFLOWS,
  logger: new DefaultLogger('WARN'),
});
const replay = (history: Saved): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle }, historyFromJSON(history));

describe('a workflow', () => {
  test('is saved for every path', () => {
    const names = HISTORIES.map((file) => file.replace(/^.*\//, '').replace('.json', ''));
    const paths = [
      ...['cancelled', 'cancelled-in-flight', 'declined', 'delivered', 'out-of-stock'],
      ...['three-d-secure', 'expired', 'refund'],
      ...['import-completed', 'import-paused', 'import-retried', 'import-unreadable'],
      ...['another-card', 'lost', 'returned-to-sender', 'repaired', 'return', 'dispute'],
    ];
    expect(names).toEqual(expect.arrayContaining(paths));
  });

  for (const file of HISTORIES.toSorted()) {
    test(`replays without a fork: ${file}`, () => replay(saved(file)), LIMIT_MS);
  }

  const node = Bun.which('node');
  if (!node) console.log('skipped on Node: node is not on PATH');
  test.skipIf(!node)(
    'replays without a fork on Node, too',
    async () => {
      // Inside the checkout, where Node finds the packages.
      const folder = mkdtempSync(resolve(import.meta.dirname, '../../node_modules/.replay-'));
      try {
        const code = resolve(folder, 'workflows.js');
        await Bun.write(code, workflowBundle.code);
        const entrypoints = [resolve(import.meta.dirname, 'on-node.ts')];
        const naming = 'on-node.mjs';
        await Bun.build({ entrypoints, outdir: folder, naming, ...NODE_BUILD });
        const files = HISTORIES.map((file) => resolve(import.meta.dirname, file));
        const command = [node ?? '', resolve(folder, naming), code, ...files];
        const { exitCode, stdout, stderr } = Bun.spawnSync(command);
        expect([exitCode, stderr.toString()]).toEqual([0, '']);
        expect(stdout.toString().trim().split('\n')).toEqual(files);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    LIMIT_MS,
  );

  test(
    'that forks is detected',
    async () => {
      const history = saved('histories/delivered.json');
      const payment = JSON.stringify(history.events).replaceAll('authorizePayment', 'chargeCard');
      const events = JSON.parse(payment) as Saved['events'];
      const forked = replay({ events }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(await forked).toBeInstanceOf(DeterminismViolationError);
    },
    LIMIT_MS,
  );
});
