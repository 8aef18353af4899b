// A process of the tests' shop with another setting for a while.
import type { ProcessName } from '../../ops/processes.ts';
import type { Shop } from './shop.ts';

/** Restarts the process with the setting, runs `work`, and restarts it without. */
export const withSetting = async <T>(
  shop: Shop,
  name: ProcessName,
  [setting, value]: readonly [string, string],
  work: () => Promise<T>,
): Promise<T> => {
  process.env[setting] = value;
  try {
    await shop.start(name);
    return await work();
  } finally {
    delete process.env[setting];
    await shop.start(name);
  }
};
