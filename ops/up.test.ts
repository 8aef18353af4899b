// Tests that a start is refused before anything runs when its ports are taken.
import { expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instanceAt } from './instance.ts';
import { bringUp } from './up.ts';

/** Below all instances of tests, and above the ports of common programs. */
const PORT_BASE = 21_700;
/** A port that is taken is looked at again for five seconds. */
const LIMIT_MS = 20_000;

test(
  'a taken port is named at once, and nothing is started',
  async () => {
    const home = mkdtempSync(join(tmpdir(), 'holdfast-up-'));
    const instance = instanceAt(home, PORT_BASE);
    const other = createServer().listen(instance.port('kafka'), '127.0.0.1');
    try {
      const failure = await bringUp(instance, () => undefined).catch((error: unknown) => error);
      expect(String(failure)).toBe(
        `Error: port is in use: ${instance.port('kafka')} (kafka); set HOLDFAST_PORT_BASE`,
      );
      expect(existsSync(join(home, 'run'))).toBe(false);
    } finally {
      other.close();
      rmSync(home, { recursive: true });
    }
  },
  LIMIT_MS,
);
