// Starts a helper process of a measurement beside the instance and ends it afterwards.
import { resolve } from 'node:path';
import { ROOT } from '../ops/instance.ts';
import { until } from '../ops/supervise.ts';

const START_LIMIT_MS = 10_000;

export interface Beside {
  pid: number;
  url: string;
  end(): Promise<void>;
}

/** Starts `bench/<file>` with its port and arguments; throws when it does not respond in time. */
export const startBeside = async (
  file: string,
  port: number,
  ...words: string[]
): Promise<Beside> => {
  const url = `http://127.0.0.1:${port}/`;
  const entry = resolve(ROOT, 'bench', file);
  const child = Bun.spawn([process.execPath, entry, String(port), ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const end = async (): Promise<void> => {
    child.kill();
    await child.exited;
  };
  const answers = (): Promise<boolean> => fetch(url).then(Boolean, () => false);
  const isUp = await until(answers, START_LIMIT_MS);
  // A process left over from an aborted run would respond too, so the child must be alive.
  if (isUp && child.exitCode === null) return { pid: child.pid, url, end };
  await end();
  throw new Error(`bench/${file} does not start on port ${port}`);
};
