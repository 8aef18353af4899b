// Tests that alerts use metrics that exist, and name a runbook that exists.
import { beforeAll, expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';
import { ROOT, testInstance } from '../../ops/instance.ts';
import { eventually } from '../support/journeys.ts';
import { shop as openShop, UP_LIMIT_MS } from '../support/shop.ts';

interface Rules {
  groups: { rules: { alert: string; expr: string; annotations: { runbook: string } }[] }[];
}

const RULES = (
  parse(readFileSync(resolve(ROOT, 'ops', 'alerts.yml'), 'utf8')) as Rules
).groups.flatMap(({ rules }) => rules);

beforeAll(async () => {
  await openShop();
}, UP_LIMIT_MS);

test('alerts use metrics that some process exports', async () => {
  const ports = (['recovery-ops', 'worker-ops', 'relay-ops'] as const).map((name) =>
    testInstance().port(name),
  );
  const metrics = async (): Promise<string> =>
    (
      await Promise.all(
        ports.map(async (port) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()),
      )
    ).join('\n');
  for (const { expr } of RULES) {
    const [name] = /holdfast_\w+/.exec(expr) ?? [];
    // The SDK exports a failure once there is one: test/faults/deployment.shop.test.ts.
    if (!name && expr.includes('temporal_workflow_task_execution_failed')) continue;
    await eventually(`${name} is exported`, async () =>
      (await metrics()).includes(`# TYPE ${name} gauge`) ? true : undefined,
    );
  }
});

test('alerts name a runbook that exists', () => {
  expect(RULES.length).toBeGreaterThan(3);
  const missing = RULES.filter(
    ({ annotations }) => !existsSync(resolve(ROOT, annotations.runbook)),
  );
  expect(missing).toEqual([]);
});
