// A process of the measurement's own beside the instance: a raw side or an echo, ended with it.
import { resolve } from 'node:path';
import { ROOT } from '../ops/instance.ts';
import { until } from '../ops/supervise.ts';

const START_LIMIT_MS = 10_000;

export interface Beside {
  pid: number;
  url: string;
  end(): Promise<void>;
}

/** Starts `bench/<file>` with its port and these words; throws when it does not answer soon. */
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
  // One that an ended run has left behind would answer as well.
  if (isUp && child.exitCode === null) return { pid: child.pid, url, end };
  await end();
  throw new Error(`bench/${file} does not start on port ${port}`);
};
