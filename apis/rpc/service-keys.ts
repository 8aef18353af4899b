// Reads the services' keys from a setting: inline JSON, or a file that may change at run time.
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import type { ServiceKey, ServiceKeys } from './tokens.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** A changed file is read by then; new keys sign only some seconds after they are published. */
const LOOK_EVERY_MS = 1_000;

const keySet = z.object({
  keys: z
    .array(
      z.looseObject({
        kid: z.string().min(1),
        kty: z.literal('OKP'),
        crv: z.literal('Ed25519'),
        x: z.string().min(1),
        sub: z.string().min(1),
        signsFrom: z.number().default(0),
      }),
    )
    .min(1)
    .max(100),
});

const parsed = (text: string): ServiceKey[] => keySet.parse(JSON.parse(text)).keys;

/** The keys of a setting. A file that becomes unreadable changes nothing, and is logged. */
export const serviceKeys = (setting: string, telemetry: Telemetry): ServiceKeys => {
  if (setting.startsWith('{')) {
    const keys = parsed(setting);
    return () => keys;
  }
  let keys = parsed(readFileSync(setting, 'utf8'));
  let seen = statSync(setting).mtimeMs;
  const look = (): void => {
    try {
      const { mtimeMs } = statSync(setting);
      if (mtimeMs === seen) return;
      keys = parsed(readFileSync(setting, 'utf8'));
      seen = mtimeMs;
      telemetry.log.info('service keys changed', { count: keys.length });
    } catch (error) {
      telemetry.log.error('service keys are not readable', error);
    }
  };
  setInterval(look, LOOK_EVERY_MS).unref();
  return () => keys;
};
