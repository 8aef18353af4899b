// Runs Lua scripts in Redis: by hash, and by text where the server does not know the hash.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RedisCommands } from './client.ts';

export interface Script {
  text: string;
  sha: string;
}

type Words = (string | number)[];

/** Reads a script of this folder. */
export const scriptOf = (file: string): Script => {
  const text = readFileSync(resolve(import.meta.dirname, file), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
};

/** Runs a script by its hash; a server that does not know it gets the text. */
export const runScript = (
  redis: RedisCommands,
  { text, sha }: Script,
  keys: string[],
  words: Words,
): Promise<unknown> =>
  redis.evalsha(sha, keys.length, ...keys, ...words).catch((error: unknown) => {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(text, keys.length, ...keys, ...words);
  });
